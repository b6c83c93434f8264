using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Log.Segments;

namespace Sluice.Log.Partitions;

internal sealed partial class PartitionWriter
{
    /// <summary>Rolls by age, deletes what retention lets go, and notes how far the partition is durable.</summary>
    public void Maintain()
    {
        if (_stopped) return;
        var nowMs = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (IsAged(nowMs)) Roll();
        DeleteExpired(nowMs);
        _producers.Expire(nowMs);
        if (_position > _checkpoint.Position) Checkpoint();
    }

    private bool IsAged(long nowMs) => _position > 0 && nowMs - _segmentSinceMs >= _config.RollMs;

    private bool MustRoll(int bytes, int lastOffsetDelta, long nowMs) =>
        _position > 0
        && (_position + bytes > _config.SegmentBytes
            || IsAged(nowMs)
            || _producers.Aborted.Count >= _settings.Limits.AbortedPerSegmentMax
            // Index entries keep offsets relative to the base in 32 bits.
            || _nextOffset + lastOffsetDelta - _segment.BaseOffset > int.MaxValue);

    /// <summary>
    /// Seals the open segment and begins the next. The old one is synced whole before the new one exists, and the new names are
    /// synced before a record in them is answered; recovery relies on both.
    /// </summary>
    private void Roll()
    {
        FlushBuffer();
        CutRoom();
        _file.Sync();
        _unsynced = false;
        _index.Finish();
        _index.Persist(_storage.Files, _segment.Name);
        _producers.Aborted.Persist(_storage.Files, _segment.Name);
        var next = Create(_storage.Files, _settings.Directory, _nextOffset);
        _producers.BeginSegment(_nextOffset);
        _file.Dispose();
        _file = _storage.Files.Open(next.Name.LogPath, FileOpen.ReadWrite);
        _segment.Publish(_position);
        _segment.Seal();
        _segment = Segment.Open(next.Name, next.Index, _producers.Aborted, 0);
        _partition.SetSegments([.. _partition.Segments, _segment]);
        _index = next.Index;
        _position = _bufferPosition = _roundFrom = 0;
        _segmentSinceMs = null;
        Checkpoint();
    }

    /// <summary>Makes the files of an empty segment, durably.</summary>
    public static (SegmentName Name, SegmentIndex Index) Create(IFileSystem files, string directory, long baseOffset)
    {
        var name = new SegmentName(directory, baseOffset);
        files.Open(name.LogPath, FileOpen.CreateNew).Dispose();
        files.Open(name.IndexPath, FileOpen.OpenOrCreate).Dispose();
        files.Open(name.TimeIndexPath, FileOpen.OpenOrCreate).Dispose();
        files.SyncDirectory(directory);
        return (name, new SegmentIndex(baseOffset));
    }

    private void Checkpoint()
    {
        _file.Sync();
        _unsynced = false;
        _index.Persist(_storage.Files, _segment.Name);
        var checkpoint = new PartitionCheckpoint(
            _segment.BaseOffset, _position, _nextOffset, _index.OffsetEntries, _index.TimeEntries,
            _index.MaxTimestampMs, _index.MaxTimestampOffset, _index.BytesSinceEntry);
        // Before the checkpoint, which lets the recovery skip the batches that these were read from.
        _producers.Persist(_storage.Files, _settings.Directory, _nextOffset);
        if (checkpoint == _checkpoint) return;
        checkpoint.Write(_storage.Files, _settings.Directory);
        _checkpoint = checkpoint;
    }

    /// <summary>Lets go of the records before an offset that is not beyond the end.</summary>
    public void DeleteBefore(long offset)
    {
        if (_stopped || offset <= _partition.Offsets.Start) return;
        if (offset == _nextOffset && _position > 0) Roll();
        // The metadata is on disk at once. Records that lay behind the new start must not be behind it: the partition could not be opened.
        Sync();
        var keepFrom = Math.Max(0, Array.FindLastIndex(_partition.Segments, s => s.BaseOffset <= offset));
        Delete(_partition.Segments, keepFrom, offset);
    }

    private void DeleteExpired(long nowMs)
    {
        if (!_config.Deletes) return;
        var segments = _partition.Segments;
        var keepFrom = Math.Max(FirstYoung(segments, nowMs), FirstWithinBytes(segments));
        if (keepFrom == 0) return;
        if (keepFrom == segments.Length)
        {
            // Even the open segment is past its time: it is sealed so that it can go.
            Roll();
            segments = _partition.Segments;
        }

        Delete(segments, keepFrom, Math.Max(segments[keepFrom].BaseOffset, _partition.Offsets.Start));
    }

    /// <summary>Moves the start up, then deletes the segments that lie below it.</summary>
    private void Delete(Segment[] segments, int keepFrom, long start)
    {
        _storage.Metadata.SetStartOffset(_settings.TopicId, _partition.Name.Partition, start);
        _partition.SetStart(start);
        _partition.SetSegments(segments.Skip(keepFrom));
        foreach (var segment in segments.Take(keepFrom))
        {
            segment.Delete(_storage.Files);
            _storage.Forget(segment);
        }

        _storage.Files.SyncDirectory(_settings.Directory);
        if (keepFrom > 0) SegmentsDeleted(_storage.Logger, keepFrom, _partition.Name, start);
    }

    private int FirstYoung(Segment[] segments, long nowMs)
    {
        var retentionMs = _config.RetentionMs;
        if (retentionMs < 0) return 0;
        var young = Array.FindIndex(segments, s => s.MaxTimestampMs < 0 || nowMs - s.MaxTimestampMs <= retentionMs);
        // An empty open segment has no timestamp, so it ends the search.
        return young < 0 ? segments.Length : young;
    }

    private int FirstWithinBytes(Segment[] segments)
    {
        var retentionBytes = _config.RetentionBytes;
        if (retentionBytes < 0) return 0;
        var surplus = segments.Sum(s => s.ReadableBytes) - retentionBytes;
        var first = 0;
        while (first < segments.Length - 1 && surplus >= segments[first].ReadableBytes) surplus -= segments[first++].ReadableBytes;
        return first;
    }

    [LoggerMessage(111, LogLevel.Information, "Retention deleted {Count} segments of {Partition}; it begins at offset {Start}")]
    private static partial void SegmentsDeleted(ILogger logger, int count, TopicPartition partition, long start);
}
