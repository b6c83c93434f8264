using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;
using Sluice.Log;
using System.Collections.Immutable;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html</summary>
internal static class CreateStream
{
    private const int TagsMax = 50;

    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var name = call.Fields.Text("StreamName");
        var count = call.Fields.Integer("ShardCount");
        var tags = call.Fields.Map("Tags");
        var recordKib = call.Fields.Integer("MaxRecordSizeInKiB");
        if (Check(name, count, tags, recordKib) is { } fault) return fault;
        if (ReadMode(call.Fields, out var mode) is { } badMode) return badMode;
        if (mode == StreamMode.Provisioned && count is null) return new Validation().NotNull("shardCount", null).Fault;
        if (call.Log.FindStream(name!) is { } present)
        {
            if (!StreamTarget.IsGone(present, call.NowMs)) return InUse(call, name!);
            // By now it may be another's new stream.
            await call.Log.DeleteStreamAsync(name!, current => StreamTarget.IsGone(current, call.NowMs), call.Cancel);
        }

        var attributes = StreamTarget.Pass(call, new StreamAttributes { Mode = mode, RecordKibMax = recordKib ?? 1024 }, StreamStatus.Creating);
        if (tags is not null) attributes = attributes with { Tags = attributes.Tags.AddRange(tags) };
        return await CreateAsync(call, new StreamSpec(name!, count ?? KinesisLimits.OnDemandShards, attributes));
    }

    private static KinesisError? Check(string? name, int? count, IReadOnlyDictionary<string, string>? tags, int? recordKib) =>
        new Validation()
            .NotNull("streamName", name)
            .StreamName(name)
            .Range("shardCount", count, 1, int.MaxValue)
            .Count("tags", tags?.Count, 0, TagsMax)
            .Range("maxRecordSizeInKiB", recordKib, 1024, 10_240)
            .Fault;

    private static KinesisError? ReadMode(RequestFields fields, out StreamMode mode)
    {
        mode = StreamMode.Provisioned;
        if (fields.Nested("StreamModeDetails") is not { } details) return null;
        var text = details.Text("StreamMode");
        if (text == "ON_DEMAND") mode = StreamMode.OnDemand;
        return new Validation().NotNull("streamModeDetails.streamMode", text).OneOf("streamModeDetails.streamMode", text, "PROVISIONED", "ON_DEMAND").Fault;
    }

    private static async ValueTask<KinesisError?> CreateAsync(KinesisCall call, StreamSpec spec)
    {
        try
        {
            await call.Log.CreateStreamAsync(spec, call.Cancel);
            return null;
        }
        catch (TopicExistsException)
        {
            return InUse(call, spec.Name);
        }
        catch (InvalidTopicException refused)
        {
            return KinesisError.LimitExceeded(refused.Message);
        }
    }

    private static KinesisError InUse(KinesisCall call, string name) =>
        KinesisError.ResourceInUse($"Stream {name} under account {call.Options.AccountId} already exists.");
}
