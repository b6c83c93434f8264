using Sluice.Bytes;
using Sluice.Log.Transactions;

namespace Sluice.Log.Producers;

internal sealed partial class ProducerStates
{
    private const string FileName = "producers";
    private const string NewFileName = "producers.new";
    private const uint MagicWithoutTransactions = 0x534C5001; // "SLP", layout 1
    private const uint Magic = 0x534C5002; // "SLP", layout 2

    /// <summary>What stands in a field of layout 2 that nobody reads.</summary>
    private const long Unused = 0;

    /// <summary>The offset up to which the content is complete; batches before it are in it.</summary>
    public long CoveredTo { get; private set; }

    /// <summary>The file was there and is not to be trusted: what it held has to be read from the segments.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>What the partition's file holds; nothing when there is none, or none that its CRC vouches for.</summary>
    public static ProducerStates Load(IFileSystem files, string directory, LogLimits limits)
    {
        var states = new ProducerStates(limits);
        var path = Path.Combine(directory, FileName);
        if (!files.FileExists(path)) return states;
        using var file = files.Open(path, FileOpen.Read);
        states.IsDamaged = true;
        if (file.Length < sizeof(uint) || file.Length > int.MaxValue) return states;
        var bytes = new byte[file.Length];
        if (file.Read(bytes, 0) != bytes.Length) return states;
        var content = bytes.AsSpan(0, bytes.Length - sizeof(uint));
        var crc = new ByteReader(bytes.AsSpan(content.Length)).ReadUInt32();
        if (crc == Crc32C.Compute(content)) states.IsDamaged = !states.TryRead(content);
        return states;
    }

    /// <summary>Everything before the offset was read from the segments.</summary>
    public void Rebuilt(long coveredTo) => (CoveredTo, IsDamaged, _changed) = (coveredTo, false, true);

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

    private bool TryRead(ReadOnlySpan<byte> content)
    {
        var reader = new ByteReader(content);
        var magic = reader.ReadUInt32();
        if (magic is not (Magic or MagicWithoutTransactions)) return false;
        CoveredTo = reader.ReadInt64();
        if (magic == Magic) reader.ReadInt64();
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            var (id, epoch, lastAppendMs) = (reader.ReadInt64(), reader.ReadInt16(), reader.ReadInt64());
            var producer = new ProducerState(epoch);
            producer.Touch(epoch, lastAppendMs);
            if (magic == Magic) ReadTransaction(ref reader, id, producer);
            for (var batches = reader.ReadByte(); batches > 0; batches--)
                producer.Add(epoch, new ProducedBatch(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64()), lastAppendMs);
            _producers.Add(id, producer);
        }

        if (magic == Magic) ReadAborted(ref reader);
        return true;
    }

    private void ReadTransaction(ref ByteReader reader, long id, ProducerState producer)
    {
        producer.CoordinatorEpoch = reader.ReadInt32();
        var first = reader.ReadInt64();
        reader.ReadInt64();
        if (first < 0) return;
        producer.OpenFrom = first;
        _open.Add(first, id);
    }

    private void ReadAborted(ref ByteReader reader)
    {
        var aborted = new AbortedTransaction[reader.ReadInt32()];
        for (var i = 0; i < aborted.Length; i++) aborted[i] = AbortedTransaction.Read(reader.Read(AbortedTransaction.Size));
        Aborted = new SegmentAborts(aborted);
    }

    private void Write(ByteWriter bytes, long endOffset)
    {
        bytes.WriteUInt32(Magic);
        bytes.WriteInt64(endOffset);
        bytes.WriteInt64(Unused);
        bytes.WriteInt32(_producers.Count);
        foreach (var (id, producer) in _producers)
        {
            bytes.WriteInt64(id);
            bytes.WriteInt16(producer.Epoch);
            bytes.WriteInt64(producer.LastAppendMs);
            bytes.WriteInt32(producer.CoordinatorEpoch);
            bytes.WriteInt64(producer.OpenFrom ?? -1);
            bytes.WriteInt64(Unused);
            bytes.WriteByte((byte)producer.Batches.Count);
            foreach (var batch in producer.Batches)
            {
                bytes.WriteInt32(batch.FirstSequence);
                bytes.WriteInt32(batch.LastSequence);
                bytes.WriteInt64(batch.BaseOffset);
            }
        }

        var aborted = Aborted.ToArray();
        bytes.WriteInt32(aborted.Length);
        foreach (var transaction in aborted)
        {
            transaction.Write(bytes.GetSpan(AbortedTransaction.Size));
            bytes.Advance(AbortedTransaction.Size);
        }
    }
}
