using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Log.Compaction;
using Sluice.Log.Partitions;
using Sluice.Log.Producers;

namespace Sluice.Log.Segments;

/// <summary>
/// Opens the files of a partition. Everything before the checkpoint was synced and must be there; what is beyond is checked batch by
/// batch, a torn tail is cut off, and what is kept is written and synced again before anyone may rely on it.
/// </summary>
/// <remarks>
/// The second write is not idle. After a failed sync Linux keeps the pages in memory and calls them clean, so bytes that can be read
/// need not be on disk, and no later sync brings them there. Only writing them again does.
/// </remarks>
internal sealed partial class PartitionRecovery(PartitionStorage storage, string directory, long startOffset, LogLimits limits)
{
    private const int ScanChunkBytes = 1 << 20;
    private const int TailChunkBytes = 16 << 10;
    private readonly IFileSystem _files = storage.Files;
    private readonly ILogger _logger = storage.Logger;
    private readonly ProducerStates _producers = ProducerStates.Load(storage.Files, directory, limits);
    private readonly long _nowMs = storage.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The state a partition starts from. Segments are in order, the last one open.</summary>
    internal sealed record Recovered(
        List<Segment> Segments, SegmentIndex OpenIndex, long Bytes, long EndOffset, PartitionCheckpoint Checkpoint, ProducerStates Producers);

    /// <exception cref="CorruptLogException">Durable records are damaged or missing.</exception>
    public Recovered Open()
    {
        var names = SegmentNames();
        var checkpoint = PartitionCheckpoint.Read(_files, directory);
        if (names.Count == 0) throw Corrupt(directory, 0, "it holds no segment.");
        var from = checkpoint is null ? 0 : names.FindIndex(name => name.BaseOffset == checkpoint.SegmentBaseOffset);
        if (from < 0) throw Corrupt(new SegmentName(directory, checkpoint!.SegmentBaseOffset).LogPath, 0, "the file is missing.");
        if (_producers.IsDamaged) RebuildProducers(names, from, checkpoint);
        var segments = new List<Segment>(names.Count);
        for (var i = 0; i < from;)
        {
            var (segment, end) = OpenSealed(names[i++]);
            if (names[i].BaseOffset < end) DeleteMerged(segment, end, names, i, ref from);
            if (names[i].BaseOffset != end) throw Gap(segment.Name, segment.ReadableBytes, end, names[i].BaseOffset);
            segments.Add(segment);
        }

        for (var i = from; i < names.Count - 1; i++)
        {
            var scanned = Scan(names[i], i == from ? checkpoint : null, isLast: false);
            if (scanned.EndOffset != names[i + 1].BaseOffset) throw Gap(names[i], scanned.Position, scanned.EndOffset, names[i + 1].BaseOffset);
            scanned.Index.Finish();
            scanned.Index.Persist(_files, names[i]);
            // What was aborted in it is in its file, which was synced before the next segment was made.
            _producers.BeginSegment(scanned.EndOffset);
            segments.Add(Segment.Sealed(names[i], scanned.Position, scanned.Index.MaxTimestampMs, HasAborts(names[i])));
        }

        return OpenLast(names[^1], from == names.Count - 1 ? checkpoint : null, segments);
    }

    /// <summary>The segments still wanted, in order. Files that a crash left of segments below the start offset are deleted.</summary>
    private List<SegmentName> SegmentNames()
    {
        var found = new List<(long BaseOffset, string Suffix)>();
        foreach (var file in _files.ListFiles(directory))
        {
            if (SegmentName.TryParse(file, out var baseOffset, out var suffix)) found.Add((baseOffset, suffix));
            else if (file.EndsWith(SegmentName.CleanedSuffix, StringComparison.Ordinal)) _files.Delete(Path.Combine(directory, file));
        }

        var bases = found.Where(f => f.Suffix == SegmentName.LogSuffix).Select(f => f.BaseOffset).Order().ToList();
        var unwanted = bases.Take(Math.Max(0, bases.FindLastIndex(b => b <= startOffset))).ToHashSet();
        foreach (var (baseOffset, suffix) in found)
        {
            if (!unwanted.Contains(baseOffset) && bases.Contains(baseOffset)) continue;
            _files.Delete(Path.Combine(directory, $"{baseOffset:D20}{suffix}"));
        }

        return bases.Where(b => !unwanted.Contains(b)).Select(b => new SegmentName(directory, b)).ToList();
    }

    private (Segment Segment, long EndOffset) OpenSealed(SegmentName name)
    {
        if (!HasIndexes(name)) RebuildIndexes(name);
        using var log = _files.Open(name.LogPath, FileOpen.Read);
        var length = log.Length;
        using var walker = new BatchWalker(log, LastIndexedPosition(name), length, TailChunkBytes);
        var end = name.BaseOffset;
        while (walker.MoveNext()) end = walker.Header.NextOffset;
        if (walker.Position != length) throw Corrupt(name.LogPath, walker.Position, "no whole batch begins here.");
        return (Segment.Sealed(name, length, LargestTimestamp(name), HasAborts(name)), end);
    }

    /// <summary>
    /// Deletes the segments that compaction had merged into the one before them when it was interrupted: that one holds all of their offsets,
    /// and ends where one of the next begins.
    /// </summary>
    private void DeleteMerged(Segment into, long end, List<SegmentName> names, int at, ref int from)
    {
        var next = names.FindIndex(at, from - at + 1, n => n.BaseOffset == end);
        if (next < 0) throw Gap(into.Name, into.ReadableBytes, end, names[at].BaseOffset);
        // Nothing is deleted on the word of a batch that may be damaged.
        foreach (var _ in SegmentBatches.Read(_files, into, 0, CancellationToken.None)) continue;
        foreach (var merged in names.GetRange(at, next - at)) Segment.Sealed(merged, 0, -1, hasAborts: false).Delete(_files);
        _files.SyncDirectory(directory);
        names.RemoveRange(at, next - at);
        from -= next - at;
    }

    private Recovered OpenLast(SegmentName name, PartitionCheckpoint? checkpoint, List<Segment> segments)
    {
        var scanned = Scan(name, checkpoint, isLast: true);
        var current = new PartitionCheckpoint(
            name.BaseOffset, scanned.Position, scanned.EndOffset, scanned.Index.OffsetEntries, scanned.Index.TimeEntries,
            scanned.Index.MaxTimestampMs, scanned.Index.MaxTimestampOffset, scanned.Index.BytesSinceEntry);
        if (current != checkpoint)
        {
            _producers.Persist(_files, directory, scanned.EndOffset);
            scanned.Index.Persist(_files, name);
            _files.SyncDirectory(directory);
            current.Write(_files, directory);
        }

        segments.Add(Segment.Open(name, scanned.Index, _producers.Aborted, scanned.Position));
        return new Recovered(segments, scanned.Index, scanned.Position, scanned.EndOffset, current, _producers);
    }

    /// <summary>Walks and checks a segment from where it is known to be durable on.</summary>
    private Scanned Scan(SegmentName name, PartitionCheckpoint? checkpoint, bool isLast, bool replay = true)
    {
        using var log = _files.Open(name.LogPath, isLast ? FileOpen.ReadWrite : FileOpen.Read);
        var length = log.Length;
        if (length < checkpoint?.Position) throw Corrupt(name.LogPath, length, $"{checkpoint.Position} bytes were synced.");
        // Entries up to the checkpoint are read back; without them the whole segment is walked again.
        var trusted = checkpoint is not null && HasIndexes(name, checkpoint) ? checkpoint : null;
        var index = trusted is null ? new SegmentIndex(name.BaseOffset) : SegmentIndex.Load(_files, name, trusted);
        var from = trusted?.Position ?? 0;
        var end = trusted?.EndOffset ?? name.BaseOffset;
        var durable = checkpoint?.Position ?? 0;
        if (from == length) return new Scanned(index, length, end);

        using var walker = new BatchWalker(log, from, length, ScanChunkBytes);
        while (walker.MoveNext())
        {
            var batch = walker.ReadBatch();
            // Compaction leaves gaps in sealed segments; the open one has none.
            var isNext = isLast ? walker.Header.BaseOffset == end : walker.Header.BaseOffset >= end;
            if (!isNext || batch.Length < walker.Header.SizeBytes || !walker.Header.CrcMatches(batch)) break;
            if (isLast && walker.Position >= durable) log.Write(batch, walker.Position);
            if (replay) _producers.Replay(walker.Header, batch, _nowMs);
            index.Add(walker.Header, (int)walker.Position);
            end = walker.Header.NextOffset;
        }

        if (walker.Position < length && (!isLast || walker.Position < durable))
            throw Corrupt(name.LogPath, walker.Position, $"no whole batch with offset {end} begins here.");
        if (isLast) CutTail(log, name, walker.Position, length);
        return new Scanned(index, walker.Position, end);
    }

    /// <summary>
    /// Reads what the producers' file held from the segments as far as they are durable, so that no aborted record becomes visible and no
    /// open transaction is taken for none.
    /// </summary>
    private void RebuildProducers(List<SegmentName> names, int from, PartitionCheckpoint? checkpoint)
    {
        ProducersRebuilt(_logger, directory);
        for (var i = 0; i <= from && checkpoint is not null; i++)
        {
            _producers.BeginSegment(names[i].BaseOffset);
            using var log = _files.Open(names[i].LogPath, FileOpen.Read);
            using var walker = new BatchWalker(log, 0, i < from ? log.Length : Math.Min(log.Length, checkpoint.Position), ScanChunkBytes);
            while (walker.MoveNext()) _producers.Replay(walker.Header, walker.ReadBatch(), _nowMs);
        }

        _producers.Rebuilt(checkpoint?.EndOffset ?? 0);
    }

    private bool HasAborts(SegmentName name) => _files.FileExists(name.AbortedIndexPath);

    private void CutTail(IFile log, SegmentName name, long position, long length)
    {
        if (position < length)
        {
            // Zeros are room that was made for records which never came.
            if (!IsZeros(log, position)) TornTailCut(_logger, name.LogPath, position, length - position);
            log.SetLength(position);
        }

        log.Sync();
    }

    private static bool IsZeros(IFile log, long position)
    {
        Span<byte> bytes = stackalloc byte[4096];
        while (log.Read(bytes, position) is > 0 and var read)
        {
            if (bytes[..read].ContainsAnyExcept((byte)0)) return false;
            position += read;
        }

        return true;
    }

    private void RebuildIndexes(SegmentName name)
    {
        IndexesRebuilt(_logger, name.LogPath);
        // What lies before the checkpoint is in the file of the producers.
        var scanned = Scan(name, checkpoint: null, isLast: false, replay: false);
        scanned.Index.Finish();
        scanned.Index.Persist(_files, name);
        _files.SyncDirectory(directory);
    }

    /// <summary>Whether a sealed segment has both its indexes, whole; its time index ends with an entry for the segment itself.</summary>
    private bool HasIndexes(SegmentName name) =>
        LengthOf(name.IndexPath) % OffsetIndexEntry.Size == 0
        && LengthOf(name.TimeIndexPath) is var times && times > 0 && times % TimeIndexEntry.Size == 0;

    private bool HasIndexes(SegmentName name, PartitionCheckpoint checkpoint) =>
        LengthOf(name.IndexPath) >= (long)checkpoint.OffsetEntries * OffsetIndexEntry.Size
        && LengthOf(name.TimeIndexPath) >= (long)checkpoint.TimeEntries * TimeIndexEntry.Size;

    private long LengthOf(string path)
    {
        if (!_files.FileExists(path)) return -1;
        using var file = _files.Open(path, FileOpen.Read);
        return file.Length;
    }

    private int LastIndexedPosition(SegmentName name)
    {
        using var file = _files.Open(name.IndexPath, FileOpen.Read);
        Span<byte> bytes = stackalloc byte[OffsetIndexEntry.Size];
        return file.Length == 0 || file.Read(bytes, file.Length - bytes.Length) < bytes.Length ? 0 : OffsetIndexEntry.Read(bytes).Position;
    }

    private long LargestTimestamp(SegmentName name)
    {
        using var file = _files.Open(name.TimeIndexPath, FileOpen.Read);
        Span<byte> bytes = stackalloc byte[TimeIndexEntry.Size];
        return file.Length == 0 || file.Read(bytes, file.Length - bytes.Length) < bytes.Length ? -1 : TimeIndexEntry.Read(bytes).TimestampMs;
    }

    private static CorruptLogException Corrupt(string path, long position, string reason) => new(path, position, reason);

    private static CorruptLogException Gap(SegmentName name, long position, long end, long nextBaseOffset) =>
        new(name.LogPath, position, $"the segment ends before offset {end}, the next one begins at {nextBaseOffset}.");

    [LoggerMessage(101, LogLevel.Warning, "Cut {Bytes} bytes of unfinished appends off {Path} at byte {Position}")]
    private static partial void TornTailCut(ILogger logger, string path, long position, long bytes);

    [LoggerMessage(102, LogLevel.Warning, "The indexes of {Path} are missing or damaged and are built again")]
    private static partial void IndexesRebuilt(ILogger logger, string path);

    [LoggerMessage(103, LogLevel.Warning, "The producers of {Directory} are damaged and are read from the segments again")]
    private static partial void ProducersRebuilt(ILogger logger, string directory);

    private sealed record Scanned(SegmentIndex Index, long Position, long EndOffset);
}
