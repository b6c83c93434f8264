using System.Diagnostics;
using System.Text.Json;
using Sluice.Kinesis;
using Sluice.SigV4;

namespace Sluice.Conformance.Kinesis;

/// <summary>The tour of node/tour.mjs, and who goes on it.</summary>
internal static class Tour
{
    /// <summary>The 39 actions of the API as of 2026.</summary>
    public static readonly string[] Actions =
    [
        "AddTagsToStream", "CreateStream", "DecreaseStreamRetentionPeriod", "DeleteResourcePolicy", "DeleteStream", "DeregisterStreamConsumer",
        "DescribeAccountSettings", "DescribeLimits", "DescribeStream", "DescribeStreamConsumer", "DescribeStreamSummary",
        "DisableEnhancedMonitoring", "EnableEnhancedMonitoring", "GetRecords", "GetResourcePolicy", "GetShardIterator",
        "IncreaseStreamRetentionPeriod", "ListShards", "ListStreamConsumers", "ListStreams", "ListTagsForResource", "ListTagsForStream",
        "MergeShards", "PutRecord", "PutRecords", "PutResourcePolicy", "RegisterStreamConsumer", "RemoveTagsFromStream", "SplitShard",
        "StartStreamEncryption", "StopStreamEncryption", "SubscribeToShard", "TagResource", "UntagResource", "UpdateAccountSettings",
        "UpdateMaxRecordSize", "UpdateShardCount", "UpdateStreamMode", "UpdateStreamWarmThroughput",
    ];

    public static Credentials Credentials { get; } = new("AKIDTOUR", "a secret of the tour");

    /// <summary>An endpoint that accepts requests signed with <see cref="Credentials"/> only.</summary>
    public static KinesisOptions Signed { get; } = new() { Credentials = [Credentials] };

    /// <summary>Goes on the tour; the steps in order, each with its error or null.</summary>
    public static async Task<List<(string Step, string? Error)>> RunAsync(Uri endpoint, bool isCommon)
    {
        ProcessStartInfo start = Programs.Node(["tour.mjs", endpoint.ToString(), .. isCommon ? ["common"] : Array.Empty<string>()]);
        var (code, output, errors) = await Programs.RunAsync(start);
        code.ShouldBe(0, errors);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(step => (step.GetProperty("step").GetString()!, step.TryGetProperty("error", out var error) ? error.GetString() : null))];
    }
}
