using System.Collections.Immutable;
using Sluice.Kinesis.Shards;

namespace Sluice.Kinesis.Resources;

/// <summary>What EnableEnhancedMonitoring and DisableEnhancedMonitoring have in common.</summary>
internal static class EnhancedMonitoring
{
    private const string All = "ALL";

    private static readonly ImmutableArray<string> s_metrics =
    [
        "IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords", "WriteProvisionedThroughputExceeded",
        "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds",
    ];

    /// <summary>Changes the metrics that are on; the function is given those and the ones of the request.</summary>
    public static async ValueTask<KinesisError?> ChangeAsync(
        KinesisCall call, Func<IEnumerable<string>, IReadOnlySet<string>, IEnumerable<string>> change)
    {
        var asked = call.Fields.Texts("ShardLevelMetrics");
        var checks = new Validation().NotNull("shardLevelMetrics", asked).Count("shardLevelMetrics", asked?.Count, 1, s_metrics.Length);
        foreach (var metric in asked ?? []) checks.OneOf("shardLevelMetrics", metric, [.. s_metrics, All]);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return error;
        var named = asked!.Contains(All) ? [.. s_metrics] : asked!.ToHashSet(StringComparer.Ordinal);
        ImmutableArray<string> before = [], after = [];
        var refused = await StreamChange.ApplyToActiveAsync(call, stream.Name, current =>
        {
            before = current.Attributes.ShardLevelMetrics;
            after = [.. change(before, named).Distinct().OrderBy(metric => s_metrics.IndexOf(metric))];
            return current.Attributes with { ShardLevelMetrics = after };
        });
        if (refused is not null) return refused;
        call.Response.StartMap();
        call.Response.Text("StreamName"u8, stream.Name);
        call.Response.Text("StreamARN"u8, call.Services.Names.OfStream(stream.Name));
        call.Response.Texts("CurrentShardLevelMetrics"u8, before);
        call.Response.Texts("DesiredShardLevelMetrics"u8, after);
        call.Response.EndMap();
        return null;
    }
}
