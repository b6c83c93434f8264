using Sluice.Bytes;
using Sluice.Log.Records;
using Sluice.Log.Segments;

namespace Sluice.Log.Compaction;

/// <summary>Reads the batches of a sealed segment, one after the other, whole and verified.</summary>
internal static class SegmentBatches
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Those that hold an offset or come behind it; each batch is valid until the next step.</summary>
    /// <exception cref="CorruptLogException">A batch is damaged.</exception>
    public static IEnumerable<(RecordBatchHeader Header, ReadOnlyMemory<byte> Batch)> Read(
        IFileSystem files, Segment segment, long fromOffset, CancellationToken cancel)
    {
        using var log = files.Open(segment.Name.LogPath, FileOpen.Read);
        using var walker = new BatchWalker(log, 0, segment.ReadableBytes, ChunkBytes);
        while (walker.MoveNext())
        {
            cancel.ThrowIfCancellationRequested();
            var header = walker.Header;
            if (header.NextOffset <= fromOffset) continue;
            var batch = walker.ReadBatchMemory();
            if (batch.Length < header.SizeBytes || !header.CrcMatches(batch.Span))
                throw new CorruptLogException(segment.Name.LogPath, walker.Position, "the batch does not match its CRC.");
            yield return (header, batch);
        }

        if (walker.Position != segment.ReadableBytes)
            throw new CorruptLogException(segment.Name.LogPath, walker.Position, "no whole batch begins here.");
    }
}
