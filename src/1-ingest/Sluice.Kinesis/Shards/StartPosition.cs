using System.Globalization;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>Where reading of a shard begins, as GetShardIterator and SubscribeToShard say it.</summary>
internal readonly record struct StartPosition(string? Type, string? SequenceNumber, long? TimestampMs)
{
    private const string AtSequenceNumber = "AT_SEQUENCE_NUMBER";
    private const string AfterSequenceNumber = "AFTER_SEQUENCE_NUMBER";
    private const string TrimHorizon = "TRIM_HORIZON";
    private const string Latest = "LATEST";
    private const string AtTimestamp = "AT_TIMESTAMP";

    /// <summary>Checks the members; <paramref name="prefix"/> stands before their names, such as <c>startingPosition.</c>.</summary>
    public Validation Check(Validation checks, string prefix, string typeMember, string numberMember) => checks
        .NotNull(prefix + typeMember, Type)
        .OneOf(prefix + typeMember, Type, AfterSequenceNumber, Latest, AtTimestamp, AtSequenceNumber, TrimHorizon)
        .SequenceNumber(prefix + numberMember, SequenceNumber);

    /// <summary>The offset it means in a shard; -1 with the error.</summary>
    public async ValueTask<(long Offset, KinesisError? Error)> ResolveAsync(KinesisCall call, StreamDescription stream, Shard shard)
    {
        var partition = new TopicPartition(stream.Name, shard.Number);
        var offsets = await call.Log.OffsetsAsync(partition, call.Cancel);
        switch (Type)
        {
            case Latest: return (offsets.End, null);
            case TrimHorizon: return (offsets.Start, null);
            case AtTimestamp:
                if (CheckTimestamp(call) is { } refused) return (-1, refused);
                var found = await call.Log.OffsetForTimestampAsync(partition, TimestampMs!.Value, call.Cancel);
                return (found ?? offsets.End, null);
            default:
                if (Parse(call, stream, shard, out var number) is { } invalid) return (-1, invalid);
                var offset = Type == AfterSequenceNumber ? number.Offset + 1 : Math.Max(number.Offset, 0);
                return (Math.Clamp(offset, offsets.Start, offsets.End), null);
        }
    }

    private KinesisError? CheckTimestamp(KinesisCall call)
    {
        if (TimestampMs is not { } asked)
        {
            return KinesisError.InvalidArgument(
                "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current timestampInMillis: null");
        }

        var nowMs = call.NowMs;
        return asked <= nowMs
            ? null
            : KinesisError.InvalidArgument(string.Create(
                CultureInfo.InvariantCulture,
                $"The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: {asked}, currentTimestampInMillis: {nowMs}"));
    }

    private KinesisError? Parse(KinesisCall call, StreamDescription stream, Shard shard, out SequenceNumber number)
    {
        number = default;
        if (SequenceNumber is null)
        {
            return KinesisError.InvalidArgument(
                "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER type and startingSequenceNumber or "
                + "(2) TRIM_HORIZON or LATEST type and no startingSequenceNumber. "
                + $"Request specified {Type} type and no startingSequenceNumber.");
        }

        var isOfShard = Sluice.Log.SequenceNumber.TryParse(SequenceNumber, out number) && number.Shard == shard.Number && number.Epoch == shard.Epoch;
        return isOfShard
            ? null
            : KinesisError.InvalidArgument(
                $"StartingSequenceNumber {SequenceNumber} used in GetShardIterator on shard {shard.Id} in stream {stream.Name} "
                + $"under account {call.Options.AccountId} is invalid because it did not come from this stream.");
    }
}
