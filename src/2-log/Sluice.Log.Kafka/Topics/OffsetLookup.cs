using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Sluice.Log.Kafka.Client;
using WirePartition = Confluent.Kafka.TopicPartition;

namespace Sluice.Log.Kafka.Topics;

/// <summary>Asks for offsets of partitions: the first, the end, the first of a time. Ends are the last stable ones: readers see no open transaction.</summary>
internal sealed class OffsetLookup(Clients clients, IAdminClient admin)
{
    // A page of records is answered with the ends as they were about when it was read; asking each time would double the requests.
    private static readonly TimeSpan s_recent = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<TopicPartition, (PartitionOffsets Offsets, long At)> _recent = new();

    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    public async ValueTask<PartitionOffsets> OffsetsAsync(TopicPartition partition, CancellationToken cancel)
    {
        var start = AskAsync(partition, OffsetSpec.Earliest(), cancel);
        var end = AskAsync(partition, OffsetSpec.Latest(), cancel);
        await Task.WhenAll(start, end);
        var offsets = new PartitionOffsets((await start).Offset, (await end).Offset);
        _recent[partition] = (offsets, clients.Time.GetTimestamp());
        return offsets;
    }

    /// <summary>Offsets of many partitions, in two questions; those that are not there are left out.</summary>
    public async ValueTask<IReadOnlyDictionary<TopicPartition, PartitionOffsets>> OffsetsAsync(
        IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel)
    {
        var starts = AskAllAsync(partitions, OffsetSpec.Earliest(), cancel);
        var ends = AskAllAsync(partitions, OffsetSpec.Latest(), cancel);
        await Task.WhenAll(starts, ends);
        var endOf = await ends;
        return (await starts).Where(s => endOf.ContainsKey(s.Key)).ToDictionary(s => s.Key, s => new PartitionOffsets(s.Value, endOf[s.Key]));
    }

    /// <summary>The offsets as they were within the last second.</summary>
    public ValueTask<PartitionOffsets> RecentAsync(TopicPartition partition, CancellationToken cancel) =>
        _recent.TryGetValue(partition, out var known) && clients.Time.GetElapsedTime(known.At) < s_recent
            ? new ValueTask<PartitionOffsets>(known.Offsets)
            : OffsetsAsync(partition, cancel);

    public async ValueTask<long?> ForTimestampAsync(TopicPartition partition, long timestampMs, CancellationToken cancel)
    {
        var found = await AskAsync(partition, OffsetSpec.ForTimestamp(timestampMs), cancel);
        // Kafka's answer for a time behind all records is no offset; librdkafka spells it as the end.
        return found.Offset < 0 ? null : found.Offset;
    }

    /// <summary>Forgets what is known of a topic that is gone.</summary>
    public void Forget(string topic)
    {
        foreach (var partition in _recent.Keys.Where(known => known.Topic == topic)) _recent.TryRemove(partition, out _);
    }

    private async Task<(long Offset, long TimestampMs)> AskAsync(TopicPartition partition, OffsetSpec spec, CancellationToken cancel)
    {
        var asked = new TopicPartitionOffsetSpec { TopicPartition = new WirePartition(partition.Topic, partition.Partition), OffsetSpec = spec };
        var options = new ListOffsetsOptions { RequestTimeout = clients.Limits.RequestTimeout, IsolationLevel = IsolationLevel.ReadCommitted };
        try
        {
            var result = await admin.ListOffsetsAsync([asked], options).WaitAsync(cancel);
            var info = result.ResultInfos.Single();
            return (info.TopicPartitionOffsetError.Offset.Value, info.Timestamp);
        }
        catch (ListOffsetsException refused)
        {
            var error = refused.Result.ResultInfos.Select(info => info.TopicPartitionOffsetError.Error).FirstOrDefault(e => e.IsError) ?? refused.Error;
            throw Of(partition, error, refused);
        }
        catch (KafkaException refused)
        {
            throw Of(partition, refused.Error, refused);
        }
    }

    private async Task<Dictionary<TopicPartition, long>> AskAllAsync(IReadOnlyCollection<TopicPartition> partitions, OffsetSpec spec, CancellationToken cancel)
    {
        if (partitions.Count == 0) return [];
        var asked = partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = new WirePartition(p.Topic, p.Partition), OffsetSpec = spec });
        var options = new ListOffsetsOptions { RequestTimeout = clients.Limits.RequestTimeout, IsolationLevel = IsolationLevel.ReadCommitted };
        List<TopicPartitionOffsetError> found;
        try
        {
            found = [.. (await admin.ListOffsetsAsync(asked, options).WaitAsync(cancel)).ResultInfos.Select(info => info.TopicPartitionOffsetError)];
        }
        catch (ListOffsetsException some)
        {
            found = [.. some.Result.ResultInfos.Select(info => info.TopicPartitionOffsetError)];
        }
        catch (KafkaException refused)
        {
            throw Faults.Of(clients, "tell offsets", refused.Error, refused);
        }

        var fault = found.Find(f => f.Error.IsError && !Faults.IsUnknown(f.Error.Code));
        if (fault is not null) throw Faults.Of(clients, $"tell the offsets of {fault.Topic}-{fault.Partition.Value}", fault.Error);
        return found.Where(f => !f.Error.IsError).ToDictionary(f => new TopicPartition(f.Topic, f.Partition.Value), f => f.Offset.Value);
    }

    private Exception Of(TopicPartition partition, Error error, Exception cause) =>
        Faults.IsUnknown(error.Code) ? new UnknownTopicPartitionException(partition) : Faults.Of(clients, $"tell the offsets of {partition}", error, cause);
}
