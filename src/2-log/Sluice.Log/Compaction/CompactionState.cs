using Sluice.Bytes;

namespace Sluice.Log.Compaction;

/// <summary>
/// How far a partition is compacted, and since when tombstones wait to go; kept beside the segments in the file <c>compaction</c>. Without
/// it a partition is compacted from its beginning again, which changes nothing but the time its tombstones stay.
/// </summary>
/// <param name="CleanTo">Below it no key stands twice, but for records that a transaction aborted.</param>
/// <param name="Tombstones">Stretches that hold tombstones, in the order of their ends.</param>
internal sealed record CompactionState(long CleanTo, IReadOnlyList<TombstoneStretch> Tombstones)
{
    /// <summary>Stretches kept apart: 64. When there are more, the two oldest become one with the later time, and wait that much longer.</summary>
    private const int StretchesMax = 64;

    private const string FileName = "compaction";
    private const string NewFileName = "compaction.new";
    private const uint Magic = 0x534C4B01; // "SLK", layout 1

    public static CompactionState None { get; } = new(0, []);

    /// <summary>The partition's state; none when there is no file, or none that its CRC vouches for.</summary>
    public static CompactionState Read(IFileSystem files, string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!files.FileExists(path)) return None;
        using var file = files.Open(path, FileOpen.Read);
        var bytes = new byte[Math.Min(file.Length, SizeOf(StretchesMax))];
        if (bytes.Length < SizeOf(0) || file.Read(bytes, 0) != bytes.Length) return None;
        var content = bytes.AsSpan(0, bytes.Length - sizeof(uint));
        if (new ByteReader(bytes.AsSpan(content.Length)).ReadUInt32() != Crc32C.Compute(content)) return None;
        var reader = new ByteReader(content);
        if (reader.ReadUInt32() != Magic) return None;
        var cleanTo = reader.ReadInt64();
        var stretches = new TombstoneStretch[reader.ReadInt32()];
        for (var i = 0; i < stretches.Length; i++) stretches[i] = new TombstoneStretch(reader.ReadInt64(), reader.ReadInt64());
        return new CompactionState(cleanTo, stretches);
    }

    /// <summary>Replaces the partition's file; after a crash either the old or the new one is there, whole.</summary>
    public void Write(IFileSystem files, string directory)
    {
        using var bytes = new ByteWriter();
        bytes.WriteUInt32(Magic);
        bytes.WriteInt64(CleanTo);
        bytes.WriteInt32(Tombstones.Count);
        foreach (var stretch in Tombstones)
        {
            bytes.WriteInt64(stretch.End);
            bytes.WriteInt64(stretch.CleanSinceMs);
        }

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
    }

    /// <summary>Below this offset tombstones have been clean for so long that nobody needs them; 0 when there are none such.</summary>
    public long TombstonesGoBefore(long nowMs, long deleteRetentionMs)
    {
        // Written so that an endless retention does not overflow.
        var due = Tombstones.Where(s => nowMs - s.CleanSinceMs >= deleteRetentionMs).Select(s => s.End);
        return due.DefaultIfEmpty(0).Max();
    }

    /// <summary>The state after a pass.</summary>
    /// <param name="cleanTo">How far the partition is clean by it.</param>
    /// <param name="goneBefore">Before it no tombstone is left.</param>
    /// <param name="hasTombstones">Whether it left tombstones in what it was the first to clean.</param>
    /// <param name="nowMs">When it ended.</param>
    public CompactionState After(long cleanTo, long goneBefore, bool hasTombstones, long nowMs)
    {
        var stretches = Tombstones.Where(s => s.End > goneBefore).ToList();
        if (hasTombstones) stretches.Add(new TombstoneStretch(cleanTo, nowMs));
        while (stretches.Count > StretchesMax) stretches.RemoveAt(0);
        return new CompactionState(cleanTo, stretches);
    }

    private static int SizeOf(int stretches) => (2 * sizeof(uint)) + sizeof(long) + sizeof(int) + (stretches * 2 * sizeof(long));
}

/// <summary>Offsets below an end that hold tombstones, and since when no older record of their keys is left.</summary>
internal readonly record struct TombstoneStretch(long End, long CleanSinceMs);
