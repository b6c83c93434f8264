using Sluice.Cleaning.Raw;
using Sluice.Log;

namespace Sluice.Cleaning.Streaming;

/// <summary>
/// Reads all shards of a stream from given positions on. A child of a split or a merge is begun once its parents are read to their
/// ends, so records with one partition key come in the order they were put in. One caller at a time.
/// </summary>
/// <param name="position">Where a shard is begun that is not known yet.</param>
internal sealed class ShardReader(
    ILog log, CleaningTarget target, StreamOptions options, TimeProvider time, Func<int, long> position) : IDisposable
{
    private readonly CancellationTokenSource _lifetime = new();
    private readonly SortedDictionary<int, ShardReading> _shards = [];
    private long _listed;
    private IReadOnlySet<TopicPartition>? _owned;
    private bool _isShared;
    private int _records;
    private long _bytes;

    /// <summary>When the eldest record that is read and not taken was read, as the clock's timestamp.</summary>
    public long Since { get; private set; }

    public bool IsEmpty => _records == 0;

    /// <summary>Whether there is a position to commit: also where the log held something that is no record.</summary>
    public bool HasMoved => _shards.Values.Any(shard => shard.Next > shard.Taken);

    public bool IsFull => _records >= options.RowsPerCommitMax || _bytes >= options.BytesPerCommitMax;

    /// <summary>Shards by number, with the offsets reading has come to.</summary>
    public IEnumerable<CleanPosition> Positions => _shards.Values.Select(shard => new CleanPosition(target.Topic, shard.Partition, shard.Next));

    /// <summary>What completes when there may be something to read; it stays as it is whatever is read meanwhile.</summary>
    public IReadOnlyList<Task> News =>
        [.. _shards.Values.Where(shard => !shard.IsFinished && ParentsAreFinished(shard)).Select(shard => shard.News ?? Task.CompletedTask)];

    /// <summary>Whether the shard is this process's to read.</summary>
    public bool IsOwn(int shard) => _owned?.Contains(new TopicPartition(target.Topic, shard)) != false;

    /// <summary>Whether the shard was listed.</summary>
    public bool Knows(int shard) => _shards.ContainsKey(shard);

    /// <summary>As <see cref="ListAsync"/>, when that was <see cref="StreamOptions.ShardsRefresh"/> ago.</summary>
    public ValueTask RefreshAsync(CancellationToken cancel) =>
        time.GetElapsedTime(_listed) >= options.ShardsRefresh ? ListAsync(cancel) : default;

    /// <summary>Learns the stream's shards, this process's share of them.</summary>
    /// <exception cref="OvertakenException">The share has changed since.</exception>
    public async ValueTask ListAsync(CancellationToken cancel)
    {
        _listed = time.GetTimestamp();
        await ShareAsync(cancel);
        foreach (var description in await log.PartitionsAsync(target.Topic, cancel))
        {
            if (!IsOwn(description.Partition)) continue;
            if (_shards.TryGetValue(description.Partition, out var known)) known.Description = description;
            else _shards.Add(description.Partition, new ShardReading(description, position(description.Partition)));
        }
    }

    /// <summary>Reads what there is, up to the bounds of one commit; whether any record came.</summary>
    /// <param name="wakes">
    /// Whether shards are read that no news came of: a log may tell of a record later than it has acknowledged it.
    /// </param>
    /// <exception cref="StreamGapException">Records that were to be read next are gone.</exception>
    /// <exception cref="CleaningException">A shard ends before the position: it is another stream's of the same name.</exception>
    public async ValueTask<bool> FillAsync(bool wakes, CancellationToken cancel)
    {
        var before = _records;
        for (var progress = true; progress && !IsFull; wakes = false)
        {
            progress = false;
            // A copy: reading may find out about children.
            foreach (var shard in _shards.Values.ToArray())
            {
                if (IsFull) break;
                if (shard.IsFinished || (shard.IsAsleep && !wakes) || !ParentsAreFinished(shard)) continue;
                progress |= await ReadAsync(shard, cancel);
            }
        }

        return _records > before;
    }

    /// <summary>The records read, as a batch that reaches as far as they do: shard after shard in the order of their numbers.</summary>
    public RawBatch Take()
    {
        var batch = new RawBatch();
        foreach (var shard in _shards.Values)
        {
            var from = shard.Taken;
            foreach (var record in shard.Take()) batch.Add(new RawPlace(target.Topic, shard.Partition, record.Offset, null, null), record.Value);
            if (shard.Next > from) batch.Reach(shard.Partition, from, new RawPosition(shard.Next, shard.Next));
        }

        (_records, _bytes) = (0, 0);
        return batch;
    }

    public void Dispose()
    {
        _lifetime.Cancel();
        _lifetime.Dispose();
    }

    /// <summary>
    /// Learns which shards are this process's. When that changes, what is read and not taken may be another's by now: everything begins anew
    /// from the positions in the table.
    /// </summary>
    private async ValueTask ShareAsync(CancellationToken cancel)
    {
        var owned = await log.OwnedPartitionsAsync([target.Topic], cancel);
        if (_isShared && !owned!.SetEquals(_owned!)) throw new OvertakenException($"The shards of {target.Topic} that are this process's changed.");
        (_owned, _isShared) = (owned, owned is not null);
    }

    private bool ParentsAreFinished(ShardReading shard) =>
        shard.Description.Parents.All(parent => !_shards.TryGetValue(parent, out var known) || known.IsFinished);

    /// <summary>Reads once from a shard; whether there may be more to read, here or in its children.</summary>
    private async ValueTask<bool> ReadAsync(ShardReading shard, CancellationToken cancel)
    {
        // That it is closed is known before the read, so that what is read then is all there will be.
        var (closed, woken) = (shard.Description.IsClosed, shard.News is { IsCompleted: true });
        if (woken) await shard.News!;
        if (woken) shard.News = null;
        var partition = new TopicPartition(target.Topic, shard.Partition);
        var fetched = await FetchAsync(shard, partition, cancel);
        if (Append(shard, fetched.Bytes.Span))
        {
            shard.News = null;
            return true;
        }

        if (closed)
        {
            shard.IsFinished = true;
            return true;
        }

        // Woken by nothing: the shard was closed since the list was read.
        if (woken) await ListAsync(cancel);
        if (shard.Description.IsClosed) return true;
        shard.News ??= log.WaitForRecordsAsync(partition, shard.Next, _lifetime.Token).AsTask();
        return false;
    }

    private async ValueTask<FetchedBatches> FetchAsync(ShardReading shard, TopicPartition partition, CancellationToken cancel)
    {
        try
        {
            return await log.ReadAsync(partition, shard.Next, options.ReadBytes, cancel);
        }
        catch (OffsetOutOfRangeException)
        {
            var offsets = await log.OffsetsAsync(partition, cancel);
            throw shard.Next < offsets.Start
                ? new StreamGapException(
                    target.Dataset.Name, target.Topic, [new StreamGap(shard.Partition, shard.Description.Name, shard.Next, offsets.Start)])
                : StreamPositions.MadeAnew(target, shard.Description.Name, offsets.End, shard.Next);
        }
    }

    private bool Append(ShardReading shard, ReadOnlySpan<byte> batches)
    {
        if (batches.IsEmpty) return false;
        if (IsEmpty) Since = time.GetTimestamp();
        var before = shard.Next;
        var records = new RecordReader(batches, shard.Next);
        while (!IsFull && records.MoveNext())
        {
            // A null value reads as the batch path's sink writes it.
            var value = records.Value.IsNull ? "null"u8 : records.Value.Span;
            shard.Add(records.Offset, value);
            shard.Next = records.NextOffset;
            _records++;
            _bytes += value.Length;
        }

        if (!IsFull) shard.Next = records.NextOffset;
        return shard.Next > before;
    }
}
