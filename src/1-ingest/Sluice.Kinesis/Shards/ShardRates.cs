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

    /// <summary>Shards whose buckets are kept: 20,000, the most one account has in AWS. Beyond it, full buckets are forgotten.</summary>
    private const int ShardsMax = 20_000;

    private readonly ConcurrentDictionary<(Guid Stream, int Shard), Buckets> _shards = new();

    /// <summary>Takes the room for one record; false when the shard's second is used up.</summary>
    public bool TryWrite(StreamDescription stream, Shard shard, int bytes) => Of(stream, shard).TryWrite(time.GetTimestamp(), time.TimestampFrequency, bytes);

    /// <summary>Takes the room for one call; what it returns is told to <see cref="HasRead"/>.</summary>
    public bool TryRead(StreamDescription stream, Shard shard) => Of(stream, shard).TryRead(time.GetTimestamp(), time.TimestampFrequency);

    public void HasRead(StreamDescription stream, Shard shard, long bytes) => Of(stream, shard).HasRead(bytes);

    private Buckets Of(StreamDescription stream, Shard shard)
    {
        if (_shards.Count >= ShardsMax) _shards.Clear();
        return _shards.GetOrAdd((stream.Topic.Id, shard.Number), static _ => new Buckets());
    }

    private sealed class Buckets
    {
        private readonly Lock _lock = new();
        private double _writeBytes = WriteBytes;
        private double _writeRecords = WriteRecords;
        private double _readBytes = ReadBytes;
        private double _readCalls = ReadCalls;
        private long _at;

        public bool TryWrite(long now, long frequency, int bytes)
        {
            lock (_lock)
            {
                Refill(now, frequency);
                // Records above 1 MiB go when the bucket is full and leave it in debt, as AWS lets them burst.
                if (_writeRecords < 1 || _writeBytes < Math.Min(bytes, WriteBytes)) return false;
                _writeRecords--;
                _writeBytes -= bytes;
                return true;
            }
        }

        public bool TryRead(long now, long frequency)
        {
            lock (_lock)
            {
                Refill(now, frequency);
                if (_readCalls < 1 || _readBytes <= 0) return false;
                _readCalls--;
                return true;
            }
        }

        public void HasRead(long bytes)
        {
            lock (_lock) _readBytes -= bytes;
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
