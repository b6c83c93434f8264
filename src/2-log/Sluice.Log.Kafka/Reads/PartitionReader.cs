using Sluice.Log.Kafka.Client;
using Sluice.Log.Kafka.Topics;

namespace Sluice.Log.Kafka.Reads;

/// <summary>Reads partitions at offsets, and waits at their ends.</summary>
internal sealed class PartitionReader(Clients clients, Places places, OffsetLookup offsets)
{
    /// <summary>Batches from the offset on; empty at the end of the partition.</summary>
    public async ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, CancellationToken cancel)
    {
        while (true)
        {
            if (!places.Covers(partition, offset))
            {
                // A place is made where there is something to read; librdkafka would tell of the end only when its long poll is over.
                var range = await offsets.OffsetsAsync(partition, cancel);
                if (offset < range.Start || offset > range.End) throw new OffsetOutOfRangeException(partition, offset, range);
                if (offset == range.End) return new FetchedBatches(default, range);
            }

            using var use = await places.UseAsync(partition, offset, cancel);
            if (await TakeAsync(use, offset, bytesMax, cancel) is { } read) return read;
        }
    }

    /// <summary>Completes when there is a record at the offset or behind it, or reading there would fail.</summary>
    public async ValueTask WaitAsync(TopicPartition partition, long offset, CancellationToken cancel)
    {
        while (true)
        {
            using var use = await places.UseAsync(partition, offset, cancel);
            use.Lane.Resume(use.Place);
            await use.Place.WaitAsync(offset, cancel);
            if (use.Place.Fault is not null)
            {
                places.GiveUp(use.Place);
                return;
            }

            if (use.Place.Next > offset) return;
        }
    }

    /// <summary>What the place has or gets; null when the place is gone.</summary>
    private async ValueTask<FetchedBatches?> TakeAsync(PlaceUse use, long offset, int bytesMax, CancellationToken cancel)
    {
        var place = use.Place;
        for (PartitionOffsets? range = null; ;)
        {
            var keep = places.BytesPerPlace() / 2;
            switch (place.Take(offset, bytesMax, keep, out var bytes, out var news))
            {
                case Taking.Records:
                    if (place.Bytes <= keep) use.Lane.Resume(place);
                    var (start, end) = await offsets.RecentAsync(place.Partition, cancel);
                    return new FetchedBatches(bytes, new PartitionOffsets(start, Math.Max(end, place.Next)));
                case Taking.Closed:
                    return null;
                case Taking.Fault:
                    await ThrowAsync(place, offset, cancel);
                    return null;
                case Taking.End when range is null:
                    // The place may not have heard of records that are there: those must not be passed over that someone has seen acknowledged.
                    range = await offsets.OffsetsAsync(place.Partition, cancel);
                    break;
                case Taking.End when range.Value.End <= offset:
                    return new FetchedBatches(default, range.Value);
                case Taking.End or Taking.Nothing:
                    use.Lane.Resume(place);
                    await NewsAsync(place.Partition, news, cancel);
                    break;
            }
        }
    }

    private async Task NewsAsync(TopicPartition partition, Task news, CancellationToken cancel)
    {
        try
        {
            await news.WaitAsync(clients.Limits.RequestTimeout, clients.Time, cancel);
        }
        catch (TimeoutException silence)
        {
            throw new LogUnavailableException(
                $"Kafka at {clients.Servers} gave no records of {partition} within {clients.Limits.RequestTimeout.TotalSeconds:0} s{clients.News}; "
                + "check that the partition has a leader, and the network.",
                silence);
        }
    }

    private async Task ThrowAsync(Place place, long offset, CancellationToken cancel)
    {
        places.GiveUp(place);
        var error = place.Fault!;
        if (Faults.IsUnknown(error.Code)) throw new UnknownTopicPartitionException(place.Partition);
        if (error.Code is Confluent.Kafka.ErrorCode.Local_AutoOffsetReset or Confluent.Kafka.ErrorCode.OffsetOutOfRange)
        {
            var range = await offsets.OffsetsAsync(place.Partition, cancel);
            // Between the two, the partition may have come to hold the offset; then it is read anew.
            if (offset < range.Start || offset > range.End) throw new OffsetOutOfRangeException(place.Partition, offset, range);
            return;
        }

        throw Faults.Of(clients, $"read {place.Partition}", error);
    }
}
