using Sluice.Bytes;
using Sluice.Log.Records;

namespace Sluice.Log.Producers;

/// <summary>
/// The idempotent producers of a partition. Decides whether a batch continues its producer's sequence, is a copy of one that is stored,
/// or leaves a gap (KIP-98). Kept beside the segments in the file <c>producers</c>, so the answer is the same after a crash; the batches
/// behind that file are read again.
/// </summary>
/// <remarks>Used by the recovery, then by the writer's thread only.</remarks>
internal sealed class ProducerStates
{
    private const string FileName = "producers";
    private const string NewFileName = "producers.new";
    private const uint Magic = 0x534C5001; // "SLP", layout 1

    private readonly Dictionary<long, ProducerState> _producers = [];
    private readonly LogLimits _limits;
    private bool _changed;

    public ProducerStates(LogLimits limits) => _limits = limits;

    public int Count => _producers.Count;

    /// <summary>The offset up to which the file's content was complete; batches before it are in it.</summary>
    public long CoveredTo { get; private set; }

    /// <summary>What the partition's file holds; nothing when there is none, or none that its CRC vouches for.</summary>
    public static ProducerStates Load(IFileSystem files, string directory, LogLimits limits)
    {
        var states = new ProducerStates(limits);
        var path = Path.Combine(directory, FileName);
        if (!files.FileExists(path)) return states;
        using var file = files.Open(path, FileOpen.Read);
        if (file.Length < sizeof(uint) || file.Length > int.MaxValue) return states;
        var bytes = new byte[file.Length];
        if (file.Read(bytes, 0) != bytes.Length) return states;
        var content = bytes.AsSpan(0, bytes.Length - sizeof(uint));
        var crc = new ByteReader(bytes.AsSpan(content.Length)).ReadUInt32();
        if (crc == Crc32C.Compute(content)) states.Read(content);
        return states;
    }

    /// <summary>Whether a batch may be appended; for a copy of one that is stored, no error and the offset of that one.</summary>
    public AppendError Check(in ProducerStamp stamp, int lastOffsetDelta, out long? storedAt)
    {
        storedAt = null;
        if (stamp.Epoch < 0 || stamp.FirstSequence < 0) return AppendError.CorruptMessage;
        // Of a producer unknown here, or forgotten, any sequence is taken as the first, as Kafka does since 2.4.
        if (!_producers.TryGetValue(stamp.Id, out var producer)) return AppendError.None;
        if (stamp.Epoch < producer.Epoch) return AppendError.FencedProducer;
        if (stamp.Epoch > producer.Epoch) return stamp.FirstSequence == 0 ? AppendError.None : AppendError.OutOfOrderSequence;
        storedAt = producer.Find(stamp.FirstSequence, ProducerStamp.Advance(stamp.FirstSequence, lastOffsetDelta));
        return storedAt is not null || stamp.FirstSequence == producer.NextSequence ? AppendError.None : AppendError.OutOfOrderSequence;
    }

    /// <summary>Notes a batch that was given its place.</summary>
    public void Add(in ProducerStamp stamp, int lastOffsetDelta, long baseOffset, long nowMs)
    {
        if (!_producers.TryGetValue(stamp.Id, out var producer))
        {
            if (_producers.Count >= _limits.ProducersPerPartitionMax) ForgetOldest();
            _producers.Add(stamp.Id, producer = new ProducerState(stamp.Epoch));
        }

        var last = ProducerStamp.Advance(stamp.FirstSequence, lastOffsetDelta);
        producer.Add(stamp.Epoch, new ProducedBatch(stamp.FirstSequence, last, baseOffset), nowMs);
        _changed = true;
    }

    /// <summary>Notes a batch that was found in the segment, unless the file had it.</summary>
    public void Replay(in RecordBatchHeader header, ReadOnlySpan<byte> batch, long nowMs)
    {
        if (header.BaseOffset < CoveredTo) return;
        var stamp = ProducerStamp.Read(batch);
        if (stamp.IsIdempotent && !header.IsControl) Add(stamp, header.LastOffsetDelta, header.BaseOffset, nowMs);
    }

    /// <summary>Forgets producers that have been silent for long.</summary>
    public void Expire(long nowMs)
    {
        var oldestMs = nowMs - (long)_limits.ProducerSilenceMax.TotalMilliseconds;
        foreach (var (id, producer) in _producers)
        {
            if (producer.LastAppendMs >= oldestMs) continue;
            _producers.Remove(id);
            _changed = true;
        }
    }

    /// <summary>Replaces the file when something has changed since; after a crash the old or the new one is there, whole.</summary>
    public void Persist(IFileSystem files, string directory, long endOffset)
    {
        if (!_changed) return;
        using var bytes = new ByteWriter();
        Write(bytes, endOffset);
        bytes.WriteUInt32(Crc32C.Compute(bytes.WrittenSpan));
        var newPath = Path.Combine(directory, NewFileName);
        using (var file = files.Open(newPath, FileOpen.OpenOrCreate))
        {
            file.Write(bytes.WrittenSpan, 0);
            file.SetLength(bytes.Length);
            file.Sync();
        }

        files.Replace(newPath, Path.Combine(directory, FileName));
        files.SyncDirectory(directory);
        CoveredTo = endOffset;
        _changed = false;
    }

    private void Read(ReadOnlySpan<byte> content)
    {
        var reader = new ByteReader(content);
        if (reader.ReadUInt32() != Magic) return;
        CoveredTo = reader.ReadInt64();
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            var (id, epoch, lastAppendMs) = (reader.ReadInt64(), reader.ReadInt16(), reader.ReadInt64());
            var producer = new ProducerState(epoch);
            for (var batches = reader.ReadByte(); batches > 0; batches--)
                producer.Add(epoch, new ProducedBatch(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64()), lastAppendMs);
            _producers.Add(id, producer);
        }
    }

    private void Write(ByteWriter bytes, long endOffset)
    {
        bytes.WriteUInt32(Magic);
        bytes.WriteInt64(endOffset);
        bytes.WriteInt32(_producers.Count);
        foreach (var (id, producer) in _producers)
        {
            bytes.WriteInt64(id);
            bytes.WriteInt16(producer.Epoch);
            bytes.WriteInt64(producer.LastAppendMs);
            bytes.WriteByte((byte)producer.Batches.Count);
            foreach (var batch in producer.Batches)
            {
                bytes.WriteInt32(batch.FirstSequence);
                bytes.WriteInt32(batch.LastSequence);
                bytes.WriteInt64(batch.BaseOffset);
            }
        }
    }

    /// <summary>Makes room in one go for many, so that a flood of producers does not search the oldest for each of them.</summary>
    private void ForgetOldest()
    {
        var forgotten = _producers.OrderBy(p => p.Value.LastAppendMs).Take(Math.Max(1, _producers.Count / 10)).Select(p => p.Key).ToArray();
        foreach (var id in forgotten) _producers.Remove(id);
    }
}
