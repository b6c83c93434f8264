using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Sluice.Log;

namespace Sluice.Testing;

/// <summary>A whole log in lists: no disk, no durability. Appends can be refused, held back, or forgotten.</summary>
public sealed partial class InMemoryLog : ILog
{
    private const int LastOffsetDeltaAt = 23;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (TopicDescription Topic, List<Partition> Partitions)> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<TopicPartition, CommittedOffset>> _groups = [];

    /// <summary>What an append to a partition is answered with; none by default.</summary>
    public Func<TopicPartition, AppendError> Refuse { get; set; } = static _ => AppendError.None;

    /// <summary>Awaited by every append before it does anything; never pending by default.</summary>
    public Func<CancellationToken, ValueTask> Hold { get; set; } = static _ => default;

    /// <summary>Awaited by every read before it does anything; never pending by default.</summary>
    public Func<TopicPartition, ValueTask> HoldRead { get; set; } = static _ => default;

    /// <summary>Whether batches are kept; offsets advance either way.</summary>
    public bool KeepsBatches { get; init; } = true;

    public ValueTask<IReadOnlyList<TopicDescription>> ListTopicsAsync(CancellationToken cancel)
    {
        lock (_lock) return new(_topics.Values.Select(t => t.Topic).ToList());
    }

    public ValueTask<TopicDescription?> FindTopicAsync(string topic, CancellationToken cancel)
    {
        lock (_lock) return new(_topics.TryGetValue(topic, out var found) ? found.Topic : null);
    }

    public ValueTask<IReadOnlyList<PartitionDescription>> PartitionsAsync(string topic, CancellationToken cancel)
    {
        lock (_lock)
        {
            return new(_topics.TryGetValue(topic, out var found)
                ? found.Partitions.Select((p, at) => new PartitionDescription(at, $"shardId-{at:D12}", p.Parents, p.IsClosed)).ToList()
                : []);
        }
    }

    /// <summary>Closes shards and opens children of all of them; the number of the first child.</summary>
    public int Reshard(string topic, int[] parents, int children)
    {
        lock (_lock)
        {
            var partitions = _topics[topic].Partitions;
            foreach (var parent in parents) partitions[parent].Close();
            partitions.AddRange(Enumerable.Range(0, children).Select(_ => new Partition { Parents = parents }));
            return partitions.Count - children;
        }
    }

    /// <summary>Creates a topic without configs.</summary>
    public TopicDescription AddTopic(string name, int partitionCount = 1) =>
        Add(new TopicSpec(name, partitionCount, new Dictionary<string, string>()));

    public ValueTask<TopicDescription> CreateTopicAsync(TopicSpec spec, CancellationToken cancel) => new(Add(spec));

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancel)
    {
        lock (_lock) return new(_topics.Remove(topic));
    }

    public async ValueTask<AppendResult> AppendAsync(TopicPartition partition, ReadOnlyMemory<byte> recordBatch, CancellationToken cancel)
    {
        await Hold(cancel);
        if (Refuse(partition) is not AppendError.None and var error) return new AppendResult(error, -1);
        lock (_lock)
        {
            if (Find(partition) is not { } found) return new AppendResult(AppendError.UnknownTopicOrPartition, -1);
            if (found.IsClosed) return new AppendResult(AppendError.PartitionClosed, -1);
            return new AppendResult(AppendError.None, found.Append(recordBatch.Span, KeepsBatches));
        }
    }

    public async ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, CancellationToken cancel)
    {
        await HoldRead(partition);
        lock (_lock)
        {
            var found = Find(partition) ?? throw new UnknownTopicPartitionException(partition);
            var offsets = new PartitionOffsets(0, found.End);
            if (offset < 0 || offset > found.End) throw new OffsetOutOfRangeException(partition, offset, offsets);
            return new FetchedBatches(found.From(offset, bytesMax), offsets);
        }
    }

    public ValueTask<PartitionOffsets> OffsetsAsync(TopicPartition partition, CancellationToken cancel)
    {
        lock (_lock) return new(new PartitionOffsets(0, (Find(partition) ?? throw new UnknownTopicPartitionException(partition)).End));
    }

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
        while (true)
        {
            Task moved;
            lock (_lock)
            {
                var found = Find(partition) ?? throw new UnknownTopicPartitionException(partition);
                if (found.End > offset || found.IsClosed) return;
                moved = found.Moved.Task;
            }

            await moved.WaitAsync(cancel);
        }
    }

    /// <summary>What each process is told to be its share; null for all, without others.</summary>
    public IReadOnlySet<TopicPartition>? Owned { get; set; }

    public ValueTask<IReadOnlySet<TopicPartition>?> OwnedPartitionsAsync(IReadOnlyCollection<string> topics, CancellationToken cancel) => new(Owned);

    public ValueTask CommitOffsetsAsync(string group, IReadOnlyList<CommittedOffset> offsets, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (!_groups.TryGetValue(group, out var committed)) _groups.Add(group, committed = []);
            foreach (var offset in offsets) committed[offset.Partition] = offset;
        }

        return default;
    }

    public ValueTask<IReadOnlyList<CommittedOffset>> CommittedOffsetsAsync(string group, CancellationToken cancel)
    {
        lock (_lock) return new(_groups.TryGetValue(group, out var committed) ? committed.Values.ToList() : []);
    }

    public ValueTask DisposeAsync() => default;

    /// <summary>All records of a partition: offset, timestamp, key, value; null stays null.</summary>
    public IReadOnlyList<StoredRecord> Records(string topic, int partition = 0)
    {
        lock (_lock)
        {
            var found = Find(new(topic, partition)) ?? throw new UnknownTopicPartitionException(new(topic, partition));
            var stored = new List<StoredRecord>();
            var records = new RecordReader(found.From(0, int.MaxValue).Span, 0);
            while (records.MoveNext())
            {
                stored.Add(new(
                    records.Offset,
                    records.TimestampMs,
                    records.Key.IsNull ? null : records.Key.Span.ToArray(),
                    records.Value.IsNull ? null : records.Value.Span.ToArray()));
            }

            return stored;
        }
    }

    [GeneratedRegex("^[a-zA-Z0-9._-]{1,249}$")]
    private static partial Regex TopicName();

    private TopicDescription Add(TopicSpec spec)
    {
        if (spec.Name is "." or ".." || !TopicName().IsMatch(spec.Name)) throw new InvalidTopicException(spec.Name, "a name is 1 to 249 of [a-zA-Z0-9._-].");
        lock (_lock)
        {
            if (_topics.ContainsKey(spec.Name)) throw new TopicExistsException(spec.Name);
            var topic = new TopicDescription(Guid.NewGuid(), spec.Name, spec.PartitionCount, spec.Configs);
            _topics.Add(spec.Name, (topic, [.. Enumerable.Range(0, spec.PartitionCount).Select(_ => new Partition())]));
            return topic;
        }
    }

    private Partition? Find(TopicPartition partition) =>
        _topics.TryGetValue(partition.Topic, out var found) && partition.Partition >= 0 && partition.Partition < found.Partitions.Count
            ? found.Partitions[partition.Partition]
            : null;

    private sealed class Partition
    {
        private readonly List<(long Next, byte[] Bytes)> _batches = [];

        public long End { get; private set; }

        public int[] Parents { get; init; } = [];

        public bool IsClosed { get; private set; }

        public TaskCompletionSource Moved { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Wakes who waits for records, because none will come.</summary>
        public void Close()
        {
            IsClosed = true;
            Moved.SetResult();
            Moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public long Append(ReadOnlySpan<byte> batch, bool keep)
        {
            var start = End;
            End += BinaryPrimitives.ReadInt32BigEndian(batch[LastOffsetDeltaAt..]) + 1;
            if (!keep) return start;
            var stored = batch.ToArray();
            BinaryPrimitives.WriteInt64BigEndian(stored, start);
            _batches.Add((End, stored));
            Moved.SetResult();
            Moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return start;
        }

        public ReadOnlyMemory<byte> From(long offset, int bytesMax)
        {
            using var bytes = new MemoryStream();
            foreach (var batch in _batches.Where(b => b.Next > offset))
            {
                if (bytes.Length > 0 && bytes.Length + batch.Bytes.Length > bytesMax) break;
                bytes.Write(batch.Bytes);
            }

            return bytes.ToArray();
        }
    }
}

/// <summary>A record read back from a log.</summary>
public sealed record StoredRecord(long Offset, long TimestampMs, byte[]? Key, byte[]? Value);
