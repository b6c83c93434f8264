using Microsoft.Extensions.Logging;
using Sluice.Log.Compaction;
using Sluice.Log.Topics;

namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>
    /// Compacts every partition whose topic asks for it (cleanup.policy=compact) and where enough has come since the last time. One after the
    /// other: the table of keys is the memory that it takes.
    /// </summary>
    internal async Task CompactAsync()
    {
        // Two passes over one partition would write into one file.
        await _compactionGate.WaitAsync();
        try
        {
            await CompactAllAsync();
        }
        finally
        {
            _compactionGate.Release();
        }
    }

    private async Task CompactAllAsync()
    {
        foreach (var topic in _topics.Values.Where(t => t.Config.Compacts))
        {
            foreach (var partition in topic.Partitions)
            {
                if (_closing.IsCancellationRequested) return;
                if (!partition.Writer.IsStopped && !partition.Shared.IsGone) await CompactAsync(partition, topic.Config);
            }
        }
    }

    private async Task CompactAsync(LivePartition partition, TopicConfig config)
    {
        var directory = TopicName.Directory(_options.Directory, partition.Shared.Name);
        var cleaner = new PartitionCleaner(
            partition.Shared, _storage, directory, config, _options.Limits, work => OnWritersAsync([partition], work));
        try
        {
            await cleaner.RunAsync(_closing.Token);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The log is being closed; the next life compacts.
            return;
        }
        catch (IOException fault) when (partition.Shared.IsGone || fault is FileNotFoundException)
        {
            // Retention took a segment meanwhile, or the topic was deleted with all its files.
            GoneMeanwhile(_storage.Logger, fault, partition.Shared.Name);
        }
        catch (CorruptLogException damage)
        {
            await OnWritersAsync([partition], writer => writer.Stop(damage));
        }
        catch (IOException fault)
        {
            // Records are where they were, and the next round tries again: a full disk must not end what goes on beside it.
            NotCompacted(_storage.Logger, fault, partition.Shared.Name);
        }
    }

    [LoggerMessage(120, LogLevel.Debug, "Files of {Partition} were deleted while it was compacted; the next round looks again")]
    private static partial void GoneMeanwhile(ILogger logger, Exception fault, TopicPartition partition);

    [LoggerMessage(121, LogLevel.Error, "{Partition} could not be compacted and is larger than it has to be; it is tried again later")]
    private static partial void NotCompacted(ILogger logger, Exception fault, TopicPartition partition);
}
