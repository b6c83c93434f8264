using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Log.Metadata;
using Sluice.Log.Records;

namespace Sluice.Log;

/// <summary>The log kept in a directory of this machine: segments per partition and one SQLite file for everything else.</summary>
public sealed partial class EmbeddedLog : ILog
{
    private readonly ConcurrentDictionary<TopicPartition, Part> _partitions = new();
    private readonly ConcurrentDictionary<string, TopicDescription> _topics = new(StringComparer.Ordinal);
    private readonly EmbeddedLogOptions _options;
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly MetadataStore _metadata;

    private EmbeddedLog(EmbeddedLogOptions options, IFileSystem files, TimeProvider time)
    {
        _options = options;
        _files = files;
        _time = time;
        files.CreateDirectory(options.Directory);
        _metadata = MetadataStore.Open(Path.Combine(options.Directory, "metadata.db"));
        foreach (var stored in _metadata.Topics()) Add(stored.Topic);
    }

    /// <summary>Opens the log, recovering what a crash left behind.</summary>
    public static EmbeddedLog Open(EmbeddedLogOptions options, IFileSystem files, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(logger);
        return new EmbeddedLog(options, files, time);
    }

    public ValueTask<IReadOnlyList<TopicDescription>> ListTopicsAsync(CancellationToken cancel) =>
        new(_topics.Values.OrderBy(t => t.Name, StringComparer.Ordinal).ToArray());

    public ValueTask<TopicDescription?> FindTopicAsync(string topic, CancellationToken cancel) => new(_topics.GetValueOrDefault(topic));

    public ValueTask<TopicDescription> CreateTopicAsync(TopicSpec spec, CancellationToken cancel)
    {
        if (spec.Name is "." or ".." || !TopicName().IsMatch(spec.Name)) throw new InvalidTopicException(spec.Name, "a name is 1 to 249 of [a-zA-Z0-9._-].");
        lock (_metadata)
        {
            if (_topics.ContainsKey(spec.Name)) throw new TopicExistsException(spec.Name);
            var topic = new TopicDescription(Guid.NewGuid(), spec.Name, spec.PartitionCount, spec.Configs);
            _metadata.InsertTopic(topic, TopicState.Live, _time.GetUtcNow().ToUnixTimeMilliseconds());
            Add(topic);
            return new(topic);
        }
    }

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancel)
    {
        if (!_topics.TryRemove(topic, out var found)) return new(false);
        for (var i = 0; i < found.PartitionCount; i++)
        {
            if (!_partitions.TryRemove(new(topic, i), out var part)) continue;
            part.File.Dispose();
            _files.DeleteDirectory(Path.Combine(_options.Directory, $"{topic}-{i}"));
        }

        _metadata.DeleteTopic(found.Id);
        return new(true);
    }

    public ValueTask<AppendResult> AppendAsync(TopicPartition partition, ReadOnlyMemory<byte> recordBatch, CancellationToken cancel)
    {
        if (!_partitions.TryGetValue(partition, out var part)) return new(new AppendResult(AppendError.UnknownTopicOrPartition, -1));
        var batch = recordBatch.ToArray();
        if (!RecordBatchHeader.TryRead(batch, out var header) || header.SizeBytes != batch.Length || !header.CrcMatches(batch))
            return new(new AppendResult(AppendError.CorruptMessage, -1));
        if (batch.Length > 1048588) return new(new AppendResult(AppendError.MessageTooLarge, -1));
        lock (part)
        {
            var start = part.Next;
            RecordBatchHeader.Assign(batch, start);
            part.File.Write(batch, part.Bytes);
            part.File.Sync();
            part.Add(start + header.LastOffsetDelta + 1, batch.Length);
            return new(new AppendResult(AppendError.None, start));
        }
    }

    public ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, CancellationToken cancel)
    {
        var part = Find(partition);
        lock (part)
        {
            var offsets = new PartitionOffsets(0, part.Next);
            if (offset < 0 || offset > part.Next) throw new OffsetOutOfRangeException(partition, offset, offsets);
            var first = part.Batches.FindIndex(b => b.Next > offset);
            if (first < 0) return new(new FetchedBatches(default, offsets));
            var from = first == 0 ? 0 : part.Batches[first - 1].End;
            var to = part.Batches.FindLast(b => b.End - from <= bytesMax || b == part.Batches[first]).End;
            var bytes = new byte[to - from];
            part.File.Read(bytes, from);
            return new(new FetchedBatches(bytes, offsets));
        }
    }

    public ValueTask<PartitionOffsets> OffsetsAsync(TopicPartition partition, CancellationToken cancel) => new(new PartitionOffsets(0, Find(partition).Next));

    public async ValueTask<long?> OffsetForTimestampAsync(TopicPartition partition, long timestampMs, CancellationToken cancel)
    {
        var all = await ReadAsync(partition, 0, int.MaxValue, cancel);
        var records = new RecordReader(all.Bytes.Span, 0);
        while (records.MoveNext())
        {
            if (records.TimestampMs >= timestampMs) return records.Offset;
        }

        return null;
    }

    public async ValueTask WaitForRecordsAsync(TopicPartition partition, long offset, CancellationToken cancel)
    {
        var part = Find(partition);
        while (true)
        {
            Task moved;
            lock (part) moved = part.Next > offset ? Task.CompletedTask : part.Moved.Task;
            if (moved.IsCompleted) return;
            await moved.WaitAsync(cancel);
        }
    }

    public ValueTask CommitOffsetsAsync(string group, IReadOnlyList<CommittedOffset> offsets, CancellationToken cancel)
    {
        _metadata.CommitOffsets(group, offsets.Select(o => (_topics[o.Partition.Topic].Id, o)).ToArray());
        return default;
    }

    public ValueTask<IReadOnlyList<CommittedOffset>> CommittedOffsetsAsync(string group, CancellationToken cancel) =>
        new(_metadata.CommittedOffsets(group));

    public ValueTask DisposeAsync()
    {
        foreach (var part in _partitions.Values) part.File.Dispose();
        _metadata.Dispose();
        return default;
    }

    [GeneratedRegex("^[a-zA-Z0-9._-]{1,249}$")]
    private static partial Regex TopicName();

    private Part Find(TopicPartition partition) =>
        _partitions.TryGetValue(partition, out var part) ? part : throw new UnknownTopicPartitionException(partition);

    private void Add(TopicDescription topic)
    {
        for (var i = 0; i < topic.PartitionCount; i++)
        {
            var directory = Path.Combine(_options.Directory, $"{topic.Name}-{i}");
            _files.CreateDirectory(directory);
            var part = new Part(_files.Open(Path.Combine(directory, $"{0:D20}.log"), FileOpen.OpenOrCreate));
            _files.SyncDirectory(directory);
            part.Load();
            _partitions[new(topic.Name, i)] = part;
        }

        _topics[topic.Name] = topic;
    }

    private sealed class Part(IFile file)
    {
        public IFile File => file;

        public List<(long Next, long End)> Batches { get; } = [];

        public long Next => Batches.Count == 0 ? 0 : Batches[^1].Next;

        public long Bytes => Batches.Count == 0 ? 0 : Batches[^1].End;

        public TaskCompletionSource Moved { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Add(long next, long size)
        {
            Batches.Add((next, Bytes + size));
            Moved.SetResult();
            Moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public void Load()
        {
            var bytes = new byte[file.Length];
            file.Read(bytes, 0);
            while (RecordBatchHeader.TryRead(bytes.AsSpan((int)Bytes), out var header) && header.SizeBytes <= bytes.Length - Bytes
                && header.CrcMatches(bytes.AsSpan((int)Bytes)))
                Batches.Add((header.NextOffset, Bytes + header.SizeBytes));
            file.SetLength(Bytes);
        }
    }
}
