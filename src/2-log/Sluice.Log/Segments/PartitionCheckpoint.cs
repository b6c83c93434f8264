using System.Buffers.Binary;
using Sluice.Bytes;

namespace Sluice.Log.Segments;

/// <summary>
/// How far a partition is known to be durable: everything before <see cref="Position"/> in the segment, and every segment before it,
/// was synced, the indexes as far as they are counted here too. Recovery trusts that and looks at the rest.
/// </summary>
internal sealed record PartitionCheckpoint(
    long SegmentBaseOffset,
    long Position,
    long EndOffset,
    int OffsetEntries,
    int TimeEntries,
    long MaxTimestampMs,
    long MaxTimestampOffset,
    int BytesSinceIndexEntry)
{
    private const string FileName = "checkpoint";
    private const string NewFileName = "checkpoint.new";
    private const uint Magic = 0x534C4301; // "SLC", layout 1
    private const int CrcAt = 56;
    private const int Size = CrcAt + sizeof(uint);

    /// <summary>The partition's checkpoint; null when there is none, or none that its CRC vouches for.</summary>
    public static PartitionCheckpoint? Read(IFileSystem files, string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!files.FileExists(path)) return null;
        Span<byte> bytes = stackalloc byte[Size];
        using var file = files.Open(path, FileOpen.Read);
        if (file.Length != Size || file.Read(bytes, 0) != Size || BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic) return null;
        if (Crc32C.Compute(bytes[..CrcAt]) != BinaryPrimitives.ReadUInt32BigEndian(bytes[CrcAt..])) return null;
        return new PartitionCheckpoint(
            BinaryPrimitives.ReadInt64BigEndian(bytes[4..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[12..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[20..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[28..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[32..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[36..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[44..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[52..]));
    }

    /// <summary>Replaces the partition's checkpoint; after a crash either the old or the new one is there, whole.</summary>
    public void Write(IFileSystem files, string directory)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Magic);
        BinaryPrimitives.WriteInt64BigEndian(bytes[4..], SegmentBaseOffset);
        BinaryPrimitives.WriteInt64BigEndian(bytes[12..], Position);
        BinaryPrimitives.WriteInt64BigEndian(bytes[20..], EndOffset);
        BinaryPrimitives.WriteInt32BigEndian(bytes[28..], OffsetEntries);
        BinaryPrimitives.WriteInt32BigEndian(bytes[32..], TimeEntries);
        BinaryPrimitives.WriteInt64BigEndian(bytes[36..], MaxTimestampMs);
        BinaryPrimitives.WriteInt64BigEndian(bytes[44..], MaxTimestampOffset);
        BinaryPrimitives.WriteInt32BigEndian(bytes[52..], BytesSinceIndexEntry);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[CrcAt..], Crc32C.Compute(bytes[..CrcAt]));
        var newPath = Path.Combine(directory, NewFileName);
        using (var file = files.Open(newPath, FileOpen.OpenOrCreate))
        {
            file.Write(bytes, 0);
            file.SetLength(Size);
            file.Sync();
        }

        files.Replace(newPath, Path.Combine(directory, FileName));
        files.SyncDirectory(directory);
    }
}
