using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Log.Metadata;
using Sluice.Log.Partitions;
using Sluice.Log.Records;
using Sluice.Log.Segments;
using Sluice.Log.Topics;

namespace Sluice.Log;

/// <summary>
/// The log kept in a directory of this machine: Kafka segments per partition, and one SQLite file for topics and committed offsets.
/// docs/formats/log.md describes every byte.
/// </summary>
/// <remarks>Any number of callers at a time. One process has the directory; keeping others out is the host's part.</remarks>
public sealed partial class EmbeddedLog : ILog
{
    private const string MetadataFile = "metadata.db";
    private readonly ConcurrentDictionary<string, LiveTopic> _topics = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _topicGate = new(1);
    private readonly SemaphoreSlim _commitGate = new(1);
    private readonly SemaphoreSlim _compactionGate = new(1);
    private readonly CancellationTokenSource _closing = new();
    private readonly EmbeddedLogOptions _options;
    private readonly PartitionStorage _storage;
    private readonly LogWriter[] _writers;
    private readonly bool _threaded;
    private Task _housekeeping = Task.CompletedTask;
    private int _writersGiven;
    private MetadataStore? _ownedMetadata;
    private bool _disposed;

    private EmbeddedLog(EmbeddedLogOptions options, PartitionStorage storage, bool threaded)
    {
        _options = options;
        _storage = storage;
        _threaded = threaded;
        _writers = [.. Enumerable.Range(0, threaded ? options.Limits.WriterThreads : 1).Select(_ => new LogWriter())];
    }

    /// <summary>Opens the log, recovering what a crash left behind; after a clean end that takes milliseconds.</summary>
    /// <exception cref="CorruptLogException">Durable records are damaged or missing.</exception>
    /// <exception cref="InvalidDataException">The metadata cannot be read by this version.</exception>
    /// <exception cref="ArgumentException">A topic default is unknown or out of range.</exception>
    public static EmbeddedLog Open(EmbeddedLogOptions options, IFileSystem files, TimeProvider time, ILogger logger)
    {
        files.CreateDirectory(options.Directory);
        var metadata = MetadataStore.Open(Path.Combine(options.Directory, MetadataFile));
        try
        {
            files.SyncDirectory(options.Directory);
            var log = Open(options, files, time, logger, metadata, threaded: true);
            log._ownedMetadata = metadata;
            return log;
        }
        catch
        {
            metadata.Dispose();
            throw;
        }
    }

    public ValueTask<IReadOnlyList<TopicDescription>> ListTopicsAsync(CancellationToken cancel) =>
        new(_topics.Values.Select(t => t.Description).OrderBy(t => t.Name, StringComparer.Ordinal).ToArray());

    public ValueTask<TopicDescription?> FindTopicAsync(string topic, CancellationToken cancel) =>
        new(_topics.GetValueOrDefault(topic)?.Description);

    public ValueTask<IReadOnlyList<PartitionDescription>> PartitionsAsync(string topic, CancellationToken cancel) =>
        new(_topics.TryGetValue(topic, out var live)
            ? [.. live.Partitions.Select((_, at) => Describe(live, at))]
            : Array.Empty<PartitionDescription>());

    public ValueTask<AppendResult> AppendAsync(TopicPartition partition, ReadOnlyMemory<byte> recordBatch, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return CheckAppend(partition, recordBatch).EnqueueAsync();
    }

    /// <summary>
    /// The first half of an append: looks through the batch, which takes its time where it is compressed, and queues nothing yet. For callers
    /// that queue under a lock.
    /// </summary>
    public CheckedAppend CheckAppend(TopicPartition partition, ReadOnlyMemory<byte> recordBatch)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!TryFind(partition, out var topic, out var found)) return new CheckedAppend(AppendError.UnknownTopicOrPartition);
        var error = RecordBatchCheck.Check(recordBatch.Span, topic.Config.MaxMessageBytes, out var batch, topic.Config.Compacts);
        return error == AppendError.None ? new CheckedAppend(topic.Description.Id, found, recordBatch, batch) : new CheckedAppend(error);
    }

    public ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return new(ReadCommitted(partition, offset, bytesMax, into: null));
    }

    /// <summary>
    /// As <see cref="ReadAsync(TopicPartition, long, int, CancellationToken)"/>, with the bytes in a buffer of the caller's, which is
    /// emptied first; what it held is void, and so are these bytes when it is written to again.
    /// </summary>
    public ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, ByteWriter into, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return new(ReadCommitted(partition, offset, bytesMax, into));
    }

    public ValueTask<PartitionOffsets> OffsetsAsync(TopicPartition partition, CancellationToken cancel) =>
        new(Find(partition).Shared.Offsets);

    public ValueTask<long?> OffsetForTimestampAsync(TopicPartition partition, long timestampMs, CancellationToken cancel) =>
        new(Find(partition).Reader.OffsetForTimestamp(timestampMs));

    /// <summary>
    /// The record with the largest timestamp; null when no record has one. Where markers of transactions or records that are gone are younger
    /// than all records, only the youngest segments are searched, as many as <see cref="LogLimits.TimestampSearchBytesMax"/> lets.
    /// </summary>
    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    public RecordTime? LargestTimestamp(TopicPartition partition) => Find(partition).Reader.LargestTimestamp(_options.Limits.TimestampSearchBytesMax);

    public ValueTask WaitForRecordsAsync(TopicPartition partition, long offset, CancellationToken cancel) =>
        WaitForRecordsAsync(partition, offset, ReadIsolation.Committed, cancel);

    /// <exception cref="UnknownTopicPartitionException">One of the partitions is not there; nothing is stored.</exception>
    public async ValueTask CommitOffsetsAsync(string group, IReadOnlyList<CommittedOffset> offsets, CancellationToken cancel)
    {
        var rows = new (Guid, CommittedOffset)[offsets.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            if (!TryFind(offsets[i].Partition, out var topic, out _)) throw new UnknownTopicPartitionException(offsets[i].Partition);
            rows[i] = (topic.Description.Id, offsets[i]);
        }

        // SQLite writes one transaction at a time: callers wait here without holding a thread.
        await _commitGate.WaitAsync(cancel);
        try
        {
            _storage.Metadata.CommitOffsets(group, rows);
        }
        finally
        {
            _commitGate.Release();
        }
    }

    public ValueTask<IReadOnlyList<CommittedOffset>> CommittedOffsetsAsync(string group, CancellationToken cancel) =>
        new(_storage.Metadata.CommittedOffsets(group));

    /// <summary>Writes what waits, syncs, and leaves nothing to recover.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _closing.CancelAsync();
        await _housekeeping;
        await OnWritersAsync(AllPartitions(), static writer => writer.Close());
        foreach (var partition in AllPartitions()) partition.Shared.Leave();
        foreach (var writer in _writers) writer.Dispose();
        _storage.OpenFiles.Dispose();
        _ownedMetadata?.Dispose();
        _closing.Dispose();
    }

    private static PartitionDescription Describe(LiveTopic topic, int partition)
    {
        if (topic.Stream is null) return new PartitionDescription(partition, partition.ToString(CultureInfo.InvariantCulture), [], IsClosed: false);
        var shard = topic.Stream.Shards[partition];
        int[] parents = [.. new[] { shard.Parent, shard.AdjacentParent }.OfType<int>()];
        return new PartitionDescription(partition, shard.Id, parents, shard.IsClosed);
    }

    private bool TryFind(
        TopicPartition partition,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out LiveTopic? topic,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out LivePartition? found)
    {
        found = null;
        if (!_topics.TryGetValue(partition.Topic, out topic) || (uint)partition.Partition >= (uint)topic.Partitions.Length) return false;
        found = topic.Partitions[partition.Partition];
        return true;
    }

    private LivePartition Find(TopicPartition partition)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return TryFind(partition, out _, out var found) ? found : throw new UnknownTopicPartitionException(partition);
    }

    private LivePartition[] AllPartitions() => [.. _topics.Values.SelectMany(t => t.Partitions)];
}
