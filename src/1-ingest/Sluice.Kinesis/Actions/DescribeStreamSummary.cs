using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html</summary>
internal static class DescribeStreamSummary
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (StreamTarget.Find(call, new Validation(), out var error) is not { } stream) return new(error);
        var response = call.Response;
        response.StartMap();
        response.StartMap("StreamDescriptionSummary"u8);
        WriteCommon(call, stream);
        response.Integer("OpenShardCount"u8, stream.OpenShards.Count);
        response.Integer("ConsumerCount"u8, stream.Attributes.Consumers.Length);
        response.Integer("MaxRecordSizeInKiB"u8, stream.Attributes.RecordKibMax);
        WriteWarmThroughput(response, stream.Attributes);
        response.EndMap();
        response.EndMap();
        return default;
    }

    /// <summary>The members that DescribeStream has as well.</summary>
    public static void WriteCommon(KinesisCall call, StreamDescription stream)
    {
        var response = call.Response;
        response.Text("StreamName"u8, stream.Name);
        response.Text("StreamARN"u8, call.Services.Names.OfStream(stream.Name));
        response.Text("StreamStatus"u8, StreamTarget.NameOf(StreamTarget.StatusOf(stream, call.NowMs)));
        response.StartMap("StreamModeDetails"u8);
        response.Text("StreamMode"u8, StreamTarget.NameOf(stream.Attributes.Mode));
        response.EndMap();
        response.Integer("RetentionPeriodHours"u8, stream.Attributes.RetentionHours);
        response.Timestamp("StreamCreationTimestamp"u8, stream.CreatedMs);
        response.StartList("EnhancedMonitoring"u8);
        response.StartMap();
        response.Texts("ShardLevelMetrics"u8, stream.Attributes.ShardLevelMetrics);
        response.EndMap();
        response.EndList();
        response.Text("EncryptionType"u8, stream.Attributes.EncryptionKeyId is null ? "NONE" : "KMS");
        response.OptionalText("KeyId"u8, stream.Attributes.EncryptionKeyId);
    }

    private static void WriteWarmThroughput(ResponseWriter response, StreamAttributes attributes)
    {
        if (attributes.WarmThroughputMibps is not { } asked) return;
        response.StartMap("WarmThroughput"u8);
        response.Integer("TargetMiBps"u8, asked);
        response.Integer("CurrentMiBps"u8, asked);
        response.EndMap();
    }
}
