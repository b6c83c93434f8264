using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary>How far a group is behind: for each partition with a committed offset, and in all.</summary>
internal static class V3Lags
{
    public static async Task ListAsync(RestRequest request)
    {
        if (await FindAsync(request) is not ({ } group, { } lags)) return;
        var sorted = lags.OrderByDescending(l => l.Behind).ThenBy(l => l.Partition.Topic, StringComparer.Ordinal).ThenBy(l => l.Partition.Partition);
        V3Call.WriteList(request, "KafkaConsumerLagList", sorted.Select(l => (group, l)), Write);
    }

    public static async Task GetAsync(RestRequest request)
    {
        if (await FindAsync(request) is not ({ } group, { } lags)) return;
        var values = request.Values;
        foreach (var lag in lags.Where(l => l.Partition.Topic == values.Third && V3Call.IsNumber(values.Fourth, l.Partition.Partition)))
        {
            V3Call.Write(request, StatusCodes.Status200OK, (group, lag), Write);
            return;
        }

        V3Call.WriteError(request, RestError.NoSuch($"Consumer Group {group.Id} has no offset of partition {values.Fourth} of topic {values.Third}."));
    }

    public static async Task GetSummaryAsync(RestRequest request)
    {
        if (await FindAsync(request) is ({ } group, { } lags)) V3Call.Write(request, StatusCodes.Status200OK, (group, lags), WriteSummary);
    }

    /// <summary>The group of the path and its lags, at least one; or null after 404 has been written.</summary>
    private static async ValueTask<(GroupDescription, IReadOnlyList<Lag>)?> FindAsync(RestRequest request)
    {
        if (await V3Groups.FindAsync(request, "could not be found") is not { } group) return null;
        var committed = await request.Services.Log.CommittedOffsetsAsync(group.Id, request.Cancel);
        var offsets = await request.Services.Admin.OffsetsAsync([.. committed.Select(c => c.Partition)], request.Cancel);
        var lags = committed.Where(c => offsets.ContainsKey(c.Partition))
            .Select(c => new Lag(c.Partition, c.Offset, offsets[c.Partition].End, group.Members.FirstOrDefault(m => m.Assignment.Contains(c.Partition))))
            .ToArray();
        if (lags.Length > 0) return (group, lags);
        V3Call.WriteError(request, RestError.NoSuch("Consumer group offsets could not be found."));
        return null;
    }

    private static void Write(V3Writer writer, (GroupDescription Group, Lag Lag) found)
    {
        var (group, lag) = found;
        var partition = lag.Partition;
        writer.Begin(
            "KafkaConsumerLag",
            $"{V3Groups.PathOf(group)}/lags/{partition.Topic}/partitions/{partition.Partition}",
            ("consumer-group", group.Id),
            ("lag", partition.Topic),
            ("partition", $"{partition.Partition}"));
        writer.Json.WriteString("consumer_group_id"u8, group.Id);
        writer.Json.WriteString("topic_name"u8, partition.Topic);
        writer.Json.WriteNumber("partition_id"u8, partition.Partition);
        writer.Json.WriteString("consumer_id"u8, lag.Reader?.Id ?? "");
        writer.Json.WriteString("instance_id"u8, lag.Reader?.InstanceId);
        writer.Json.WriteString("client_id"u8, lag.Reader?.ClientId ?? "");
        writer.Json.WriteNumber("current_offset"u8, lag.Current);
        writer.Json.WriteNumber("log_end_offset"u8, lag.End);
        writer.Json.WriteNumber("lag"u8, lag.Behind);
        writer.End();
    }

    private static void WriteSummary(V3Writer writer, (GroupDescription Group, IReadOnlyList<Lag> Lags) found)
    {
        var (group, lags) = found;
        var most = lags.MaxBy(l => l.Behind)!;
        writer.Begin("KafkaConsumerGroupLagSummary", V3Groups.PathOf(group) + "/lag-summary", ("consumer-group", group.Id), ("lag-summary", null));
        writer.Json.WriteString("consumer_group_id"u8, group.Id);
        writer.Json.WriteNumber("max_lag"u8, most.Behind);
        writer.Json.WriteNumber("total_lag"u8, lags.Sum(l => l.Behind));
        writer.Json.WriteString("max_lag_consumer_id"u8, most.Reader?.Id ?? "");
        writer.Link("max_lag_consumer", V3Groups.PathOf(group, most.Reader?.Id ?? ""));
        writer.Json.WriteString("max_lag_client_id"u8, most.Reader?.ClientId ?? "");
        writer.Json.WriteString("max_lag_instance_id"u8, most.Reader?.InstanceId);
        writer.Json.WriteString("max_lag_topic_name"u8, most.Partition.Topic);
        writer.Json.WriteNumber("max_lag_partition_id"u8, most.Partition.Partition);
        writer.Link("max_lag_partition", $"/topics/{most.Partition.Topic}/partitions/{most.Partition.Partition}");
        writer.End();
    }

    /// <summary>What a group has read of a partition, and the member that reads it on.</summary>
    private sealed record Lag(TopicPartition Partition, long Current, long End, GroupMemberDescription? Reader)
    {
        public long Behind => End - Current;
    }
}
