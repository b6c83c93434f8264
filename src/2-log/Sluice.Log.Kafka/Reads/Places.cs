using Sluice.Log.Kafka.Client;

namespace Sluice.Log.Kafka.Reads;

/// <summary>
/// The places that partitions are read at. A reader is served by the place whose window its offset is in, or by a new one; those that no one
/// uses are given up, first the ones used longest ago.
/// </summary>
internal sealed class Places(Clients clients) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Lane> _lanes = [];
    private readonly Dictionary<TopicPartition, List<(Place Place, Lane Lane)>> _places = [];
    private TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isEnded;
    private int _count;
    private long _lookedAt = clients.Time.GetTimestamp();

    /// <summary>Whether there is a place that a reader at the offset is served from.</summary>
    public bool Covers(TopicPartition partition, long offset)
    {
        lock (_lock) return _places.TryGetValue(partition, out var there) && there.Exists(found => found.Place.Covers(offset));
    }

    /// <summary>The place for a reader at the offset; waits for one when others are at all there may be.</summary>
    public async ValueTask<PlaceUse> UseAsync(TopicPartition partition, long offset, CancellationToken cancel)
    {
        while (true)
        {
            Task freed;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isEnded, this);
                GiveUpSilent();
                if (Find(partition, offset) is { } found)
                {
                    found.Place.Enter();
                    return new PlaceUse(this, found.Place, found.Lane);
                }

                freed = _freed.Task;
            }

            await freed.WaitAsync(cancel);
        }
    }

    /// <summary>A reader leaves a place.</summary>
    public void Leave(Place place)
    {
        if (!place.Leave()) return;
        lock (_lock)
        {
            _freed.SetResult();
            _freed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Gives a place up: it failed.</summary>
    public void GiveUp(Place place)
    {
        lock (_lock)
        {
            if (!_places.TryGetValue(place.Partition, out var there)) return;
            var at = there.FindIndex(found => found.Place == place);
            if (at >= 0) Remove(there, at);
        }
    }

    /// <summary>Gives up all places of a topic: it is gone, or another one of its name.</summary>
    public void GiveUp(string topic)
    {
        lock (_lock)
        {
            foreach (var there in _places.Where(known => known.Key.Topic == topic).Select(known => known.Value))
            {
                for (var at = there.Count - 1; at >= 0; at--) Remove(there, at);
            }
        }
    }

    /// <summary>Fetched bytes that a place may hold now.</summary>
    public long BytesPerPlace()
    {
        var count = Math.Max(Volatile.Read(ref _count), 1);
        return Math.Clamp(clients.Limits.BufferBytes / count, clients.Limits.PlaceBytesMin, clients.Limits.PlaceBytesMax);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isEnded = true;
            foreach (var (place, _) in _places.Values.SelectMany(all => all)) place.Close();
            foreach (var lane in _lanes) lane.Dispose();
            _places.Clear();
            _lanes.Clear();
        }
    }

    /// <summary>A place that there is, or a new one; null when all are in use.</summary>
    private (Place Place, Lane Lane)? Find(TopicPartition partition, long offset)
    {
        if (!_places.TryGetValue(partition, out var there)) _places[partition] = there = [];
        foreach (var found in there)
        {
            if (found.Place.Covers(offset)) return found;
        }

        if (there.Count < clients.Limits.PlacesPerPartition) return Add(there, new Place(partition, offset, clients.Time));
        return there.Exists(found => found.Place.Silence is not null) ? Replace(there, new Place(partition, offset, clients.Time)) : null;
    }

    private (Place, Lane) Add(List<(Place, Lane)> there, Place place)
    {
        var lane = _lanes.Find(candidate => !candidate.Has(place.Partition));
        if (lane is null) _lanes.Add(lane = new Lane(clients, BytesPerPlace));
        lane.Add(place);
        there.Add((place, lane));
        _count++;
        return (place, lane);
    }

    private static (Place, Lane) Replace(List<(Place Place, Lane Lane)> there, Place place)
    {
        var eldest = there.Where(found => found.Place.Silence is not null).MaxBy(found => found.Place.Silence);
        eldest.Place.Close();
        eldest.Lane.Replace(eldest.Place, place);
        there.Remove(eldest);
        there.Add((place, eldest.Lane));
        return (place, eldest.Lane);
    }

    private void Remove(List<(Place Place, Lane Lane)> there, int at)
    {
        var (place, lane) = there[at];
        there.RemoveAt(at);
        place.Close();
        lane.Remove(place);
        _count--;
    }

    private void GiveUpSilent()
    {
        if (clients.Time.GetElapsedTime(_lookedAt) < clients.Limits.PlaceSilenceMax / 2) return;
        _lookedAt = clients.Time.GetTimestamp();
        foreach (var there in _places.Values)
        {
            for (var at = there.Count - 1; at >= 0; at--)
            {
                if (there[at].Place.Silence > clients.Limits.PlaceSilenceMax) Remove(there, at);
            }
        }
    }
}

/// <summary>A reader's stay at a place.</summary>
internal readonly struct PlaceUse(Places places, Place place, Lane lane) : IDisposable
{
    public Place Place => place;

    public Lane Lane => lane;

    public void Dispose() => places.Leave(place);
}
