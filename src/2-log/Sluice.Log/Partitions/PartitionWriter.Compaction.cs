using Microsoft.Extensions.Logging;
using Sluice.Log.Compaction;
using Sluice.Log.Segments;
using Sluice.Log.Transactions;

namespace Sluice.Log.Partitions;

internal sealed partial class PartitionWriter
{
    /// <summary>
    /// Puts a compacted segment in the place of those it was made of; false when they are not all there any more, or the partition has
    /// ended. What a crash interrupts is completed or undone by the recovery: an index is never beside a file it was not made for, and the
    /// segments that were merged are deleted last.
    /// </summary>
    public bool TryReplace(Rewritten rewritten)
    {
        var (files, directory, name) = (_storage.Files, _settings.Directory, rewritten.Replaced[0].Name);
        var segments = _partition.Segments;
        var at = Array.IndexOf(segments, rewritten.Replaced[0]);
        var isThere = !_stopped && at >= 0 && segments.Skip(at).Take(rewritten.Replaced.Count).SequenceEqual(rewritten.Replaced);
        if (!isThere)
        {
            files.Delete(name.CleanedPath);
            return false;
        }

        var oldBytes = rewritten.Replaced.Sum(s => s.ReadableBytes);
        // Only the first of them may have aborted transactions, and its file keeps its name.
        var aborts = new SegmentAborts(rewritten.Replaced[0].Aborted(_storage.OpenFiles));
        var compacted = Segment.Open(name, rewritten.Index, aborts, rewritten.Bytes);
        _partition.BeginSwap();
        try
        {
            files.Delete(name.IndexPath);
            files.Delete(name.TimeIndexPath);
            files.SyncDirectory(directory);
            files.Replace(name.CleanedPath, name.LogPath);
            files.SyncDirectory(directory);
            foreach (var merged in rewritten.Replaced.Skip(1))
            {
                // In their order, each for good: those that a crash leaves have no gap between them.
                merged.Delete(files);
                files.SyncDirectory(directory);
            }

            foreach (var replaced in rewritten.Replaced) _storage.Forget(replaced);
            _partition.SetSegments([.. segments.Take(at), compacted, .. segments.Skip(at + rewritten.Replaced.Count)]);
        }
        finally
        {
            _partition.EndSwap();
        }

        Seal(compacted, rewritten.Index);
        Compacted(_storage.Logger, rewritten.Replaced.Count, _partition.Name, oldBytes, rewritten.Bytes);
        return true;
    }

    /// <summary>
    /// Writes the indexes of a compacted segment. Its records are in their place by then: where the disk has none for the indexes, they stay
    /// in memory, and the next start builds them.
    /// </summary>
    private void Seal(Segment compacted, SegmentIndex index)
    {
        var (files, name) = (_storage.Files, compacted.Name);
        try
        {
            index.Persist(files, name);
            files.SyncDirectory(_settings.Directory);
        }
        catch (IOException fault)
        {
            // Half an index would be taken for a whole one.
            files.Delete(name.IndexPath);
            files.Delete(name.TimeIndexPath);
            NotIndexed(_storage.Logger, fault, name.LogPath);
            return;
        }

        compacted.Seal();
    }

    [LoggerMessage(114, LogLevel.Error, "The indexes of {Path} could not be written and stay in memory; the next start builds them. Is the disk full?")]
    private static partial void NotIndexed(ILogger logger, Exception fault, string path);

    [LoggerMessage(112, LogLevel.Debug, "Compaction made one of {Count} segments of {Partition}: {OldBytes} bytes became {NewBytes}")]
    private static partial void Compacted(ILogger logger, int count, TopicPartition partition, long oldBytes, long newBytes);
}
