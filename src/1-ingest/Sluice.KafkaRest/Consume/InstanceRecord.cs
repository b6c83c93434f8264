using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary>
/// An instance that reads something, as the log keeps it: the metadata text of one committed offset, of partition 0 of one topic it
/// reads, in a group of the instance's own. So a restarted proxy knows the instance by its name, deleting the topic deletes the
/// record, and nothing has to be created for it.
/// </summary>
internal sealed record InstanceRecord(ConsumerSettings Settings, ConsumerChoice Choice)
{
    private const string Prefix = "rest-instance/";

    /// <summary>Whether a group is one that keeps an instance, and nothing that a client made.</summary>
    public static bool IsGroup(string group) => group.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>No v2 client can address this group: a slash ends the group in every path.</summary>
    private static string GroupOf(string group, string name) => $"{Prefix}{group}/{name}";

    public static async ValueTask<InstanceRecord?> FindAsync(ILog log, string group, string name, CancellationToken cancel)
    {
        foreach (var committed in await log.CommittedOffsetsAsync(GroupOf(group, name), cancel))
        {
            if (committed.Metadata.Length > 0) return JsonSerializer.Deserialize<InstanceRecord>(committed.Metadata);
        }

        return null;
    }

    /// <summary>Replaces what is kept of an instance. Not to keep it, or an instance that reads no topic there is, leaves nothing.</summary>
    public static async ValueTask StoreAsync(ILog log, ConsumerInstance instance, bool keep, CancellationToken cancel)
    {
        var group = GroupOf(instance.Group, instance.Name);
        var rows = (await log.CommittedOffsetsAsync(group, cancel))
            .Where(row => row.Metadata.Length > 0)
            .ToDictionary(row => row.Partition, row => row with { Metadata = "" });
        if (keep && await AnchorAsync(log, instance, cancel) is { } anchor)
        {
            var record = new InstanceRecord(instance.Settings, instance.Choice);
            rows[anchor] = new CommittedOffset(anchor, 0, JsonSerializer.Serialize(record));
        }

        if (rows.Count == 0) return;
        try
        {
            await log.CommitOffsetsAsync(group, [.. rows.Values], cancel);
        }
        catch (UnknownTopicPartitionException)
        {
            // The topic went away in this moment, and with it the record.
        }
    }

    private static async ValueTask<TopicPartition?> AnchorAsync(ILog log, ConsumerInstance instance, CancellationToken cancel)
    {
        var topics = instance.Choice.Topics
            .Concat(instance.Choice.Partitions.Select(p => p.Topic))
            .Concat(instance.Assigned.Select(a => a.Partition.Topic));
        foreach (var topic in topics)
        {
            if (await log.FindTopicAsync(topic, cancel) is not null) return new TopicPartition(topic, 0);
        }

        return null;
    }
}
