using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary>What an instance reads at one moment, with a position for each partition.</summary>
internal sealed class ConsumerView
{
    private static readonly ConsumerView s_gone = new() { Error = RestError.ConsumerNotFound };

    public IReadOnlyList<(AssignedPartition Assigned, long Position)> Partitions { get; private init; } = [];

    public RestError? Error { get; private init; }

    private Task Changed { get; init; } = Task.CompletedTask;

    /// <summary>Takes what earlier answers delivered as acknowledged and commits it, shares the group's topics out where they changed, and looks positions up.</summary>
    public static async ValueTask<ConsumerView> TakeAsync(RestRequest request, ConsumerInstance instance)
    {
        var consumers = request.Services.Consumers;
        var view = s_gone;
        await consumers.UseAsync(
            instance.Group,
            instance.Name,
            async (group, found) =>
            {
                if (!ReferenceEquals(found, instance)) return;
                instance.Acknowledge();
                await consumers.CommitAcknowledgedAsync(instance, request.Cancel);
                await consumers.ShareAsync(group, request.Cancel);
                view = await LookAsync(request, group, instance);
            },
            request.Cancel);
        return view;
    }

    /// <summary>The offset a partition is read from: the position, else what the group committed, else as auto.offset.reset says.</summary>
    public static async ValueTask<RestError?> ResolveAsync(ILog log, ConsumerInstance instance, CancellationToken cancel)
    {
        if (Array.TrueForAll(instance.Assigned, a => a.Position is not null)) return null;
        var committed = (await log.CommittedOffsetsAsync(instance.Group, cancel)).ToDictionary(c => c.Partition, c => c.Offset);
        foreach (var assigned in instance.Assigned.Where(a => a.Position is null))
        {
            if (!assigned.IsOutOfRange && committed.TryGetValue(assigned.Partition, out var next))
            {
                assigned.MoveTo(next);
                assigned.Committed = next;
                continue;
            }

            if (instance.Settings.Reset == OffsetReset.None) return ReadRecords.NoOffset(assigned.Partition);
            try
            {
                var offsets = await log.OffsetsAsync(assigned.Partition, cancel);
                assigned.MoveTo(instance.Settings.Reset == OffsetReset.Earliest ? offsets.Start : offsets.End);
                assigned.IsOutOfRange = false;
            }
            catch (UnknownTopicPartitionException)
            {
                // The topic was deleted in this moment; the partition stays without a position and is not read.
            }
        }

        return null;
    }

    /// <summary>Waits until a partition has records beyond the page, or what the instance reads changes, or the time is up.</summary>
    public async ValueTask WaitAsync(RestRequest request, RecordPage page, CancellationToken timeout)
    {
        var log = request.Services.Log;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout, request.Cancel);
        var waits = new List<Task> { Changed.WaitAsync(end.Token) };
        foreach (var topic in Partitions.GroupBy(p => p.Assigned.Partition.Topic))
        {
            // A shard that was closed has no more records to wait for.
            var open = (await log.PartitionsAsync(topic.Key, request.Cancel)).Where(p => !p.IsClosed).Select(p => p.Partition).ToHashSet();
            waits.AddRange(topic
                .Where(p => open.Contains(p.Assigned.Partition.Partition))
                .Select(p => log.WaitForRecordsAsync(p.Assigned.Partition, page.NextOf(p.Assigned, p.Position), end.Token).AsTask()));
        }

        await Task.WhenAny(waits);
        await end.CancelAsync();
        try
        {
            await Task.WhenAll(waits);
        }
        catch (Exception ended) when (ended is OperationCanceledException or UnknownTopicPartitionException)
        {
            // One wait has ended as it should and the others were ended here; or a topic was deleted, which the next view knows.
        }

        request.Cancel.ThrowIfCancellationRequested();
    }

    private static async ValueTask<ConsumerView> LookAsync(RestRequest request, ConsumerGroup group, ConsumerInstance instance)
    {
        if (instance.Choice is { IsSubscription: false, IsAssignment: false }) return new ConsumerView { Error = RestError.NotSubscribed };
        if (await ResolveAsync(request.Services.Log, instance, request.Cancel) is { } error) return new ConsumerView { Error = error };
        var readable = instance.Assigned.Where(a => a.Position is not null).Select(a => (a, a.Position!.Value)).ToArray();
        var first = readable.Length == 0 ? 0 : (int)(instance.Turn % (uint)readable.Length);
        return new ConsumerView { Partitions = [.. readable[first..], .. readable[..first]], Changed = group.Changed };
    }
}
