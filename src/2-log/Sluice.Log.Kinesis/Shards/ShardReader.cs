namespace Sluice.Log.Kinesis.Shards;

/// <summary>Reads one shard by offsets. Its callers take turns; what was fetched and not yet asked for is kept within a bound.</summary>
internal sealed class ShardReader : IDisposable
{
    private readonly TopicPartition _partition;
    private readonly Func<bool> _isClosed;
    private readonly KinesisLogLimits _limits;
    private readonly TimeProvider _time;
    private readonly ShardPositions _positions;
    private readonly ShardCursor _cursor;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<ShardBatch> _kept = [];
    private long _keptBytes;
    private long _fetchedAt;
    private bool _wasEmpty;

    /// <param name="isClosed">Whether Kinesis last listed the shard as closed.</param>
    public ShardReader(TopicPartition partition, Func<bool> isClosed, ShardPositions positions, ShardCursor cursor, KinesisLogLimits limits, TimeProvider time) =>
        (_partition, _isClosed, _positions, _cursor, _limits, _time) = (partition, isClosed, positions, cursor, limits, time);

    /// <summary>
    /// Whether nothing comes behind the last page. That it was empty says nothing: GetRecords may take several calls to come to the next records
    /// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html). A closed shard ends where Kinesis gives no next
    /// iterator, because who reads it takes this end for final; an open one ends where Kinesis says that nothing is behind.
    /// </summary>
    private bool IsAtEnd => _cursor.IsEnded || (_cursor.IsLatest && !_isClosed());

    public void Dispose() => _turn.Dispose();

    /// <inheritdoc cref="ILog.ReadAsync"/>
    public Task<FetchedBatches> ReadAsync(long offset, int bytesMax, CancellationToken cancel) =>
        InTurnAsync(() => ReadInTurnAsync(offset, bytesMax, cancel), cancel);

    /// <summary>Counts the records up to the shard's end as it is: Kinesis does not tell how many there are.</summary>
    public async Task<PartitionOffsets> OffsetsAsync(CancellationToken cancel)
    {
        // What was fetched just before may be old already, and the shard is not asked more often than it allows.
        await Task.Delay(await InTurnAsync(() => Task.FromResult(_cursor.IsEnded ? TimeSpan.Zero : PauseLeft()), cancel), _time, cancel);
        return await InTurnAsync(
            async () =>
            {
                var isCounted = _cursor.IsEnded;
                while (!isCounted)
                {
                    await FetchAtEndAsync(cancel);
                    isCounted = IsAtEnd;
                }

                return _positions.Offsets;
            },
            cancel);
    }

    /// <inheritdoc cref="ILog.WaitForRecordsAsync"/>
    public async Task WaitAsync(long offset, CancellationToken cancel)
    {
        while (true)
        {
            var pause = await InTurnAsync(
                async () =>
                {
                    if (IsBeyond(offset)) return TimeSpan.Zero;
                    if (PauseLeft() == TimeSpan.Zero) await FetchAtEndAsync(cancel);
                    return IsBeyond(offset) ? TimeSpan.Zero : Longer(PauseLeft(), TimeSpan.FromMilliseconds(1));
                },
                cancel);
            if (pause == TimeSpan.Zero) return;
            await Task.Delay(pause, _time, cancel);
        }
    }

    /// <inheritdoc cref="ILog.OffsetForTimestampAsync"/>
    public Task<long?> OffsetForTimestampAsync(long timestampMs, CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            var at = Math.Max(_positions.MarkBefore(timestampMs)?.Offset ?? 0, _positions.Start);
            while (true)
            {
                var read = await ReadInTurnAsync(at, _limits.BatchBytes, cancel);
                if (read.Bytes.IsEmpty) return null;
                var (found, next) = FirstFrom(read.Bytes.Span, at, timestampMs);
                if (found is not null) return found;
                at = next;
            }
        },
        cancel);

    private static (long? Found, long Next) FirstFrom(ReadOnlySpan<byte> batches, long from, long timestampMs)
    {
        var records = new RecordReader(batches, from);
        while (records.MoveNext())
        {
            if (records.TimestampMs >= timestampMs) return (records.Offset, records.NextOffset);
        }

        return (null, records.NextOffset);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    private bool IsBeyond(long offset) => _positions.End > offset || (_cursor.IsEnded && _cursor.NextOffset == _positions.End);

    private async Task<FetchedBatches> ReadInTurnAsync(long offset, int bytesMax, CancellationToken cancel)
    {
        CheckOffset(offset);
        var isAsked = false;
        while (!TryFind(offset))
        {
            var isNothingNew = offset == _positions.End && IsAtEnd && (_cursor.IsEnded || isAsked || PauseLeft() > TimeSpan.Zero);
            if (isNothingNew) return new FetchedBatches(default, _positions.Offsets);
            if (_cursor.NextOffset is not { } next || next > offset || _positions.MarkAt(offset)?.Offset > next) await SeekAsync(offset, cancel);
            if (_cursor.IsEnded && offset == _positions.End) continue;
            if (_cursor.IsEnded) throw new KinesisException($"{_partition} ended before offset {offset}, which it once had; the stream was made anew.");
            await FetchAsync(keepFrom: offset, cancel);
            isAsked = true;
        }

        return new FetchedBatches(Take(bytesMax), _positions.Offsets);
    }

    private void CheckOffset(long offset)
    {
        if (_positions.Reached is null && offset > 0) throw new PositionUnknownException(_partition, offset, _positions.File);
        if (offset < _positions.Start || offset > _positions.End) throw new OffsetOutOfRangeException(_partition, offset, _positions.Offsets);
    }

    /// <summary>Fetches the records after the last one known.</summary>
    private async Task FetchAtEndAsync(CancellationToken cancel)
    {
        if (_cursor.NextOffset != _positions.End || _cursor.IsEnded) await SeekAsync(_positions.End, cancel);
        if (_cursor.IsEnded) return;
        await FetchAsync(keepFrom: _positions.Start, cancel);
    }

    private Task SeekAsync(long offset, CancellationToken cancel)
    {
        _kept.Clear();
        _keptBytes = 0;
        _wasEmpty = false;
        return _cursor.SeekAsync(offset, cancel);
    }

    private async Task FetchAsync(long keepFrom, CancellationToken cancel)
    {
        // Pages without records would follow each other faster than the shard allows to ask.
        if (_wasEmpty) await Task.Delay(IntervalLeft(), _time, cancel);
        var page = await _cursor.FetchAsync(cancel);
        _fetchedAt = _time.GetTimestamp();
        _wasEmpty = page.Batches.Count == 0;
        foreach (var batch in page.Batches.Where(batch => batch.NextOffset > keepFrom))
        {
            // What does not follow on what is kept, or is too much, is fetched again when it is asked for.
            var fits = _kept.Count == 0 || (_kept[^1].NextOffset == batch.BaseOffset && _keptBytes + batch.Bytes.Length <= _limits.BufferBytes);
            if (!fits) break;
            _kept.Add(batch);
            _keptBytes += batch.Bytes.Length;
        }
    }

    /// <summary>Drops what lies before an offset; whether the first batch kept then holds it.</summary>
    private bool TryFind(long offset)
    {
        var passed = _kept.FindIndex(batch => batch.NextOffset > offset);
        if (passed < 0) passed = _kept.Count;
        _keptBytes -= _kept.Take(passed).Sum(batch => (long)batch.Bytes.Length);
        _kept.RemoveRange(0, passed);
        return _kept.Count > 0 && _kept[0].BaseOffset <= offset;
    }

    private ReadOnlyMemory<byte> Take(int bytesMax)
    {
        var count = 1;
        long bytes = _kept[0].Bytes.Length;
        while (count < _kept.Count && bytes + _kept[count].Bytes.Length <= bytesMax) bytes += _kept[count++].Bytes.Length;
        if (count == 1) return _kept[0].Bytes;
        var taken = new byte[bytes];
        var filled = 0;
        foreach (var batch in _kept.Take(count))
        {
            batch.Bytes.CopyTo(taken, filled);
            filled += batch.Bytes.Length;
        }

        return taken;
    }

    /// <summary>The time until the shard may be asked again where there was nothing to read behind the last record known.</summary>
    private TimeSpan PauseLeft() => (_cursor.IsLatest || _wasEmpty) && _cursor.NextOffset == _positions.End ? IntervalLeft() : TimeSpan.Zero;

    private TimeSpan IntervalLeft() => Longer(_limits.PollInterval - _time.GetElapsedTime(_fetchedAt), TimeSpan.Zero);
}
