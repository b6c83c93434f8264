using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary><c>POST .../positions</c>: where the next read of a partition begins. A position lasts until the proxy restarts.</summary>
internal static class Positions
{
    public static Task SeekAsync(RestRequest request) => MoveAsync(request, ["offsets", "timestamps"], TargetAsync);

    public static Task SeekToBeginningAsync(RestRequest request) => MoveAsync(
        request, ["partitions"], static async (log, entry, cancel) => (await log.OffsetsAsync(entry.Partition, cancel)).Start);

    public static Task SeekToEndAsync(RestRequest request) => MoveAsync(
        request, ["partitions"], static async (log, entry, cancel) => (await log.OffsetsAsync(entry.Partition, cancel)).End);

    private static async Task MoveAsync(
        RestRequest request, string[] lists, Func<ILog, PartitionEntry, CancellationToken, ValueTask<long>> target)
    {
        if (await InstanceCall.ReadEntriesAsync(request, lists) is not { } entries) return;
        var log = request.Services.Log;
        await InstanceCall.ChangeAsync(request, async (group, instance) =>
        {
            await request.Services.Consumers.ShareAsync(group, request.Cancel);
            var foreign = entries.Find(e => instance.Find(e.Partition) is null);
            if (foreign is not null) return RestError.IllegalState($"No current assignment for partition {foreign.Partition}");
            var targets = new List<(AssignedPartition Assigned, long Position)>();
            foreach (var entry in entries) targets.Add((instance.Find(entry.Partition)!, await target(log, entry, request.Cancel)));
            foreach (var (assigned, position) in targets) assigned.MoveTo(position);

            // A read that waits for records goes on from there.
            group.Wake();
            return null;
        });
    }

    /// <summary>The offset, or the first record at or after the time; the end where there is none.</summary>
    private static async ValueTask<long> TargetAsync(ILog log, PartitionEntry entry, CancellationToken cancel)
    {
        if (entry.Offset is { } offset) return offset;
        return await log.OffsetForTimestampAsync(entry.Partition, entry.Timestamp!.Value.ToUnixTimeMilliseconds(), cancel)
            ?? (await log.OffsetsAsync(entry.Partition, cancel)).End;
    }
}
