using Confluent.Kafka;
using Sluice.Log.Kafka.Client;
using WirePartition = Confluent.Kafka.TopicPartition;

namespace Sluice.Log.Kafka.Reads;

/// <summary>
/// One consumer, and the thread that polls it: it fills one place of each of its partitions. A partition is taken by a place only on this
/// thread, or when the lane has none of it, so what was fetched for one place never comes to another.
/// </summary>
internal sealed class Lane : IDisposable
{
    private readonly Clients _clients;
    private readonly Func<long> _bytesPerPlace;
    private readonly IConsumer<byte[]?, byte[]?> _consumer;
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly Dictionary<TopicPartition, Place> _places = [];
    private readonly List<(Place Old, Place? New)> _changes = [];
    private readonly RecordBatchBuilder _builder = new();
    private Place? _building;
    private long _firstOffset;
    private long _nextOffset;
    private volatile bool _isEnding;

    /// <param name="clients">Makes the consumer.</param>
    /// <param name="bytesPerPlace">Fetched bytes that a place may hold at the moment.</param>
    public Lane(Clients clients, Func<long> bytesPerPlace)
    {
        _clients = clients;
        _bytesPerPlace = bytesPerPlace;
        _consumer = clients.Consumer();
        _thread = new Thread(Poll) { IsBackground = true, Name = "kafka-log-reader" };
        _thread.Start();
    }

    public bool Has(TopicPartition partition)
    {
        lock (_lock) return _places.ContainsKey(partition);
    }

    /// <summary>Takes a place whose partition the lane does not have.</summary>
    public void Add(Place place)
    {
        lock (_lock) _places.Add(place.Partition, place);
        _consumer.IncrementalAssign([At(place)]);
    }

    /// <summary>Puts a place where another of the same partition was: soon, on the lane's thread.</summary>
    public void Replace(Place old, Place by)
    {
        lock (_lock) _changes.Add((old, by));
    }

    /// <summary>Gives a place up.</summary>
    public void Remove(Place place)
    {
        // The partition is the lane's until its thread has let it go, so that no other place takes it before.
        lock (_lock) _changes.Add((place, null));
    }

    /// <summary>Fetches on for a place that has room again.</summary>
    public void Resume(Place place)
    {
        lock (_lock)
        {
            if (!place.IsPaused || _places.GetValueOrDefault(place.Partition) != place) return;
            place.IsPaused = false;
            _consumer.Resume([WireOf(place)]);
        }
    }

    public void Dispose()
    {
        _isEnding = true;
        _thread.Join();
        _consumer.Close();
        _consumer.Dispose();
    }

    private static TopicPartitionOffset At(Place place) => new(WireOf(place), new Offset(place.From));

    private static WirePartition WireOf(Place place) => new(place.Partition.Topic, place.Partition.Partition);

    private void Poll()
    {
        while (!_isEnding)
        {
            try
            {
                CarryOut();
                var result = _consumer.Consume(_building is null ? _clients.Limits.PollTime : TimeSpan.Zero);
                if (result is null) Finish();
                else if (result.IsPartitionEOF) End(result);
                else Take(result);
            }
            catch (ConsumeException fault)
            {
                Finish();
                if (fault.ConsumerRecord is { Topic: { } topic } record && Find(topic, record.Partition) is { } place) place.Fail(fault.Error);
                else _clients.Note(fault.Error);
            }
            catch (KafkaException fault)
            {
                _clients.Note(fault.Error);
            }
        }
    }

    private void CarryOut()
    {
        List<(Place Old, Place? New)> changes;
        lock (_lock)
        {
            if (_changes.Count == 0) return;
            changes = [.. _changes];
            _changes.Clear();
        }

        Finish();
        foreach (var (old, by) in changes) Change(old, by);
    }

    private void Change(Place old, Place? by)
    {
        try
        {
            // A pause outlives the assignment, so it ends before: behind the next one, it might overtake the start of fetching and undo it.
            Resume(old);
            _consumer.IncrementalUnassign([WireOf(old)]);
            lock (_lock)
            {
                _places.Remove(old.Partition);
                if (by is not null) _places.Add(by.Partition, by);
            }

            if (by is not null) _consumer.IncrementalAssign([At(by)]);
        }
        catch (KafkaException fault)
        {
            _clients.Note(fault.Error);
            by?.Fail(fault.Error);
        }
    }

    private Place? Find(string topic, int partition)
    {
        lock (_lock) return _places.GetValueOrDefault(new TopicPartition(topic, partition));
    }

    private void End(ConsumeResult<byte[]?, byte[]?> result)
    {
        Finish();
        Find(result.Topic, result.Partition)?.EndAt(result.Offset);
    }

    private void Take(ConsumeResult<byte[]?, byte[]?> result)
    {
        var place = Find(result.Topic, result.Partition);
        if (place != _building) Finish();
        if (place is null) return;
        var message = result.Message;
        var size = (message.Key?.Length ?? 0) + (message.Value?.Length ?? 0);
        if (_building is not null && (result.Offset != _nextOffset || _builder.SizeBytes + size > _clients.Limits.BatchBytes)) Finish();
        if (_building is null)
        {
            // A broker answers with whole batches, whose first records may lie before the place.
            if (result.Offset < place.Next) return;
            (_building, _firstOffset) = (place, result.Offset);
        }

        Append(message);
        _nextOffset = result.Offset + 1;
    }

    private void Append(Message<byte[]?, byte[]?> message)
    {
        var key = message.Key is { } k ? RecordBytes.Of(k) : RecordBytes.Null;
        var value = message.Value is { } v ? RecordBytes.Of(v) : RecordBytes.Null;
        if (message.Headers is null or { Count: 0 }) _builder.Append(message.Timestamp.UnixTimestampMs, key, value);
        else _builder.Append(message.Timestamp.UnixTimestampMs, key, value, [.. message.Headers.Select(h => new RecordHeader(h.Key, h.GetValueBytes()))]);
    }

    /// <summary>Hands the batch being built to its place.</summary>
    private void Finish()
    {
        if (_building is not { } place) return;
        _building = null;
        place.Add(Stretch.Of(_firstOffset, _nextOffset, _builder.Build()));
        _builder.Reset();
        if (place.Bytes < _bytesPerPlace()) return;
        lock (_lock)
        {
            if (place.IsPaused || _places.GetValueOrDefault(place.Partition) != place) return;
            place.IsPaused = true;
            _consumer.Pause([WireOf(place)]);
        }
    }
}
