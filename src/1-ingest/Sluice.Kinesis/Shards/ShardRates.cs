using System.Collections.Concurrent;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>
/// What a shard of AWS takes and gives per second: 1 MiB and 1,000 records written, 2 MiB and 5 calls read. Counted in buckets that
/// refill steadily and hold one second's worth; a single large record or answer may go into debt, which the next ones wait for.
/// </summary>
internal sealed class ShardRates(TimeProvider time)
{
    private const double WriteBytes = 1 << 20;
    private const double WriteRecords = 1000;
    private const double ReadBytes = 2 << 20;
    private const double ReadCalls = 5;

    /// <summary>
    /// Shards whose buckets are kept: 20,000, the most one account has in AWS. Beyond it, full buckets are forgotten. Those that are not
    /// full stay, until as many again have come: a bucket fills within seconds, so they are the shards in use.
    /// </summary>
    internal const int ShardsMax = 20_000;

    private readonly ConcurrentDictionary<(Guid Stream, int Shard), Buckets> _shards = new();
    private readonly Lock _forgetting = new();
    private int _count;
    private int _countMax = ShardsMax;

    /// <summary>Shards whose buckets are kept.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Takes the room for one record; false when the shard's second is used up.</summary>
    public bool TryWrite(StreamDescription stream, Shard shard, int bytes)
    {
        bool? isTaken;
        do isTaken = Of(stream, shard).TryWrite(time.GetTimestamp(), time.TimestampFrequency, bytes);
        while (isTaken is null);
        return isTaken.Value;
    }

    /// <summary>Takes the room for one call; what it returns is told to <see cref="HasRead"/>.</summary>
    public bool TryRead(StreamDescription stream, Shard shard)
    {
        bool? isTaken;
        do isTaken = Of(stream, shard).TryRead(time.GetTimestamp(), time.TimestampFrequency);
        while (isTaken is null);
        return isTaken.Value;
    }

    public void HasRead(StreamDescription stream, Shard shard, long bytes)
    {
        while (!Of(stream, shard).HasRead(bytes))
        {
            // These were forgotten in between, and the debt goes to the next ones.
        }
    }

    private Buckets Of(StreamDescription stream, Shard shard)
    {
        var key = (stream.Topic.Id, shard.Number);
        if (_shards.TryGetValue(key, out var known)) return known;
        var fresh = new Buckets();
        if (!_shards.TryAdd(key, fresh)) return Of(stream, shard);
        if (Interlocked.Increment(ref _count) > Volatile.Read(ref _countMax)) Forget();
        return fresh;
    }

    private void Forget()
    {
        lock (_forgetting)
        {
            if (_count <= _countMax) return;
            var now = time.GetTimestamp();
            foreach (var (key, buckets) in _shards)
            {
                if (!buckets.TryForget(now, time.TimestampFrequency)) continue;
                _shards.TryRemove(key, out _);
                Interlocked.Decrement(ref _count);
            }

            Volatile.Write(ref _countMax, Math.Max(ShardsMax, 2 * _count));
        }
    }

    /// <summary>One shard's. Whoever still holds it after it was forgotten gets no answer from it and looks the shard up again.</summary>
    private sealed class Buckets
    {
        private readonly Lock _lock = new();
        private bool _isForgotten;
        private double _writeBytes = WriteBytes;
        private double _writeRecords = WriteRecords;
        private double _readBytes = ReadBytes;
        private double _readCalls = ReadCalls;
        private long _at;

        public bool? TryWrite(long now, long frequency, int bytes)
        {
            lock (_lock)
            {
                if (_isForgotten) return null;
                Refill(now, frequency);
                // Records above 1 MiB go when the bucket is full and leave it in debt, as AWS lets them burst.
                if (_writeRecords < 1 || _writeBytes < Math.Min(bytes, WriteBytes)) return false;
                _writeRecords--;
                _writeBytes -= bytes;
                return true;
            }
        }

        public bool? TryRead(long now, long frequency)
        {
            lock (_lock)
            {
                if (_isForgotten) return null;
                Refill(now, frequency);
                if (_readCalls < 1 || _readBytes <= 0) return false;
                _readCalls--;
                return true;
            }
        }

        public bool HasRead(long bytes)
        {
            lock (_lock)
            {
                if (!_isForgotten) _readBytes -= bytes;
                return !_isForgotten;
            }
        }

        /// <summary>Forgets them when they are full, as new ones are.</summary>
        public bool TryForget(long now, long frequency)
        {
            lock (_lock)
            {
                Refill(now, frequency);
                _isForgotten = _writeBytes >= WriteBytes && _writeRecords >= WriteRecords && _readBytes >= ReadBytes && _readCalls >= ReadCalls;
                return _isForgotten;
            }
        }

        private void Refill(long now, long frequency)
        {
            var seconds = _at == 0 ? 0 : Math.Max(0, now - _at) / (double)frequency;
            _at = now;
            _writeBytes = Math.Min(WriteBytes, _writeBytes + seconds * WriteBytes);
            _writeRecords = Math.Min(WriteRecords, _writeRecords + seconds * WriteRecords);
            _readBytes = Math.Min(ReadBytes, _readBytes + seconds * ReadBytes);
            _readCalls = Math.Min(ReadCalls, _readCalls + seconds * ReadCalls);
        }
    }
}
