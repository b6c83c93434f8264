using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>What the actions that split and merge shards share: when they are refused, and how the log's refusals are told.</summary>
internal static class Resharding
{
    /// <summary>ResourceInUseException when the stream is not ACTIVE, ValidationException when AWS would choose its shards itself.</summary>
    public static KinesisError? Refuse(KinesisCall call, StreamDescription stream)
    {
        if (StreamTarget.NotActive(call, stream) is { } busy) return busy;
        return stream.Attributes.Mode == StreamMode.Provisioned
            ? null
            : KinesisError.Validation(
                $"Request is invalid. Stream {stream.Name} under account {call.Options.AccountId} is in On-Demand mode; "
                + "its shards cannot be split, merged or counted.");
    }

    public static KinesisError NotOpen(KinesisCall call, StreamDescription stream, Shard shard) => KinesisError.InvalidArgument(
        $"Shard {shard.Id} in stream {stream.Name} under account {call.Options.AccountId} has already been merged or split, "
        + "and thus is not eligible for merging or splitting.");

    /// <summary>The error of an outcome; null when it was done.</summary>
    public static KinesisError? ErrorOf(ReshardOutcome outcome, KinesisCall call, StreamDescription stream, Shard shard) => outcome switch
    {
        ReshardOutcome.Done => null,
        ReshardOutcome.UnknownStream => StreamTarget.NotFound(call, stream.Name),
        ReshardOutcome.ShardNotOpen => NotOpen(call, stream, shard),
        ReshardOutcome.TooManyShards => KinesisError.LimitExceeded(
            $"Stream {stream.Name} under account {call.Options.AccountId} would have more shards, closed ones counted, than a stream can have."),
        _ => KinesisError.Internal,
    };
}
