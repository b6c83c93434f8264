using Sluice.Log.Partitions;
using Sluice.Log.Topics;

namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>
    /// Splits an open shard at a hash key, which becomes the first of the second child. When this returns, the parent's end is final
    /// and its children take the records; an append meanwhile waits in no queue but is answered <see cref="AppendError.PartitionClosed"/>.
    /// </summary>
    /// <param name="change">What becomes of the attributes, in the same transaction.</param>
    /// <exception cref="IOException">The storage failed; the shard stays as it was.</exception>
    public ValueTask<ReshardOutcome> SplitShardAsync(
        string stream, int shard, UInt128 newStartingHashKey, Func<StreamAttributes, StreamAttributes> change, CancellationToken cancel)
    {
        return ReshardAsync(
            stream,
            [shard],
            parents =>
            {
                var range = parents[0].Range;
                if (newStartingHashKey <= range.First || newStartingHashKey > range.Last) return (ReshardOutcome.HashKeyOutOfRange, []);
                return (ReshardOutcome.Done, [new(range.First, newStartingHashKey - 1), new(newStartingHashKey, range.Last)]);
            },
            change,
            cancel);
    }

    /// <summary>Merges two open shards whose ranges touch, in any order, into one. Otherwise as <see cref="SplitShardAsync"/>.</summary>
    /// <inheritdoc cref="SplitShardAsync"/>
    public ValueTask<ReshardOutcome> MergeShardsAsync(
        string stream, int shard, int adjacentShard, Func<StreamAttributes, StreamAttributes> change, CancellationToken cancel)
    {
        return ReshardAsync(
            stream,
            [shard, adjacentShard],
            parents =>
            {
                var (lower, upper) = (parents[0].Range, parents[1].Range);
                if (upper.First < lower.First) (lower, upper) = (upper, lower);
                return lower.IsDirectlyBefore(upper)
                    ? (ReshardOutcome.Done, [new(lower.First, upper.Last)])
                    : (ReshardOutcome.NotAdjacent, []);
            },
            change,
            cancel);
    }

    private async ValueTask<ReshardOutcome> ReshardAsync(
        string stream,
        int[] parents,
        Func<Shard[], (ReshardOutcome Outcome, HashRange[] Ranges)> divide,
        Func<StreamAttributes, StreamAttributes> change,
        CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _topicGate.WaitAsync(cancel);
        try
        {
            if (!_topics.TryGetValue(stream, out var live) || live.Stream is null) return ReshardOutcome.UnknownStream;
            var shards = live.Stream.Shards;
            if (parents.Any(p => (uint)p >= (uint)shards.Count || shards[p].IsClosed)) return ReshardOutcome.ShardNotOpen;
            var (outcome, ranges) = divide([.. parents.Select(p => shards[p])]);
            if (outcome != ReshardOutcome.Done) return outcome;
            if (shards.Count + ranges.Length > _options.Limits.PartitionsPerTopicMax) return ReshardOutcome.TooManyShards;
            return await ReshardAsync(live, parents, Children(shards, parents, ranges), change);
        }
        finally
        {
            _topicGate.Release();
        }
    }

    private Shard[] Children(IReadOnlyList<Shard> shards, int[] parents, HashRange[] ranges)
    {
        var nowMs = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var epoch = Math.Max(nowMs / 1000, parents.Max(p => shards[p].Epoch) + 1);
        return
        [
            .. ranges.Select((range, at) => new Shard(
                shards.Count + at, range, parents[0], parents.Length > 1 ? parents[1] : null, epoch, nowMs, ClosedMs: null)),
        ];
    }

    /// <summary>
    /// The children's files come first, under rows that say they are opening; then the parents end; then one transaction closes the
    /// parents and opens the children. Whatever stops this in between leaves the parents as they were.
    /// </summary>
    private async Task<ReshardOutcome> ReshardAsync(
        LiveTopic live, int[] parents, Shard[] children, Func<StreamAttributes, StreamAttributes> change)
    {
        var stream = live.Stream!;
        var topic = live.Description with { PartitionCount = stream.Shards.Count + children.Length };
        OpenFiles(live.Description, children);
        LivePartition[] closing = [.. parents.Select(p => live.Partitions[p])];
        LivePartition[] opened = [];
        var committed = false;
        try
        {
            opened = [.. children.Select(c => OpenPartition(topic, c.Number, live.Config, start: 0))];
            await OnWritersAsync(closing, static writer => writer.Seal());
            if (closing.Any(p => p.Writer.IsStopped)) return ReshardOutcome.StorageError;
            var closedMs = children[0].CreatedMs;
            var attributes = change(stream.Attributes);
            _storage.Metadata.CommitReshard(topic, parents, closedMs, attributes);
            committed = true;
            Shard[] shards = [.. stream.Shards.Select(s => parents.Contains(s.Number) ? s with { ClosedMs = closedMs } : s), .. children];
            _topics[topic.Name] = live with
            {
                Description = topic,
                Partitions = [.. live.Partitions, .. opened],
                Stream = new StreamDescription(topic, stream.CreatedMs, attributes, shards),
            };
            Interlocked.Increment(ref _topicsVersion);
            foreach (var partition in closing) partition.Shared.Close();
            return ReshardOutcome.Done;
        }
        finally
        {
            if (!committed) await UndoAsync(live.Description, closing, opened, children);
        }
    }

    private async Task UndoAsync(TopicDescription topic, LivePartition[] closing, LivePartition[] opened, Shard[] children)
    {
        foreach (var partition in closing) partition.Shared.Queue.Reopen(AppendError.PartitionClosed);
        await OnWritersAsync(opened, static writer => writer.Abandon());
        foreach (var segment in opened.SelectMany(p => p.Shared.Segments)) _storage.Forget(segment);
        RemoveOpening(topic, children.Select(c => c.Number));
    }

    private void OpenFiles(TopicDescription topic, Shard[] children)
    {
        RemoveLeftShards(topic);
        var directories = children.Select(c => TopicName.Directory(_options.Directory, new(topic.Name, c.Number))).ToArray();
        if (directories.FirstOrDefault(d => _storage.Files.ListFiles(d).Count > 0) is { } taken)
            throw new IOException($"Stream '{topic.Name}' cannot be resharded: '{taken}' holds files of no known shard. Move them away.");
        _storage.Metadata.InsertOpeningShards(topic.Id, children);
        try
        {
            foreach (var directory in directories)
            {
                _storage.Files.CreateDirectory(directory);
                PartitionWriter.Create(_storage.Files, directory, baseOffset: 0);
            }
        }
        catch (IOException)
        {
            RemoveOpening(topic, children.Select(c => c.Number));
            throw;
        }
    }

    /// <summary>A reshard that failed may have failed to clean up as well; its rows and files would be in the way.</summary>
    private void RemoveLeftShards(TopicDescription topic)
    {
        if (_storage.Metadata.OpeningShards(topic.Id) is { Count: > 0 } left) RemoveOpening(topic, left);
    }

    /// <summary>Removes the files of shards that never opened, then their rows. Any part of it may be done already.</summary>
    private void RemoveOpening(TopicDescription topic, IEnumerable<int> shards)
    {
        foreach (var shard in shards)
            _storage.Files.DeleteDirectory(TopicName.Directory(_options.Directory, new(topic.Name, shard)));
        _storage.Files.SyncDirectory(_options.Directory);
        _storage.Metadata.DeleteOpeningShards(topic.Id);
    }
}
