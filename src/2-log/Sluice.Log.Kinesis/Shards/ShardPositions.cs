using Sluice.Log.Kinesis.Positions;

namespace Sluice.Log.Kinesis.Shards;

/// <summary>What a shard's reader needs of its stream; the retention may change while it reads.</summary>
internal sealed class StreamPlace(Guid id, string name, long? originMs)
{
    private long _retentionMs;

    public Guid Id => id;

    public string Name => name;

    /// <summary>Where offset 0 lies: null is the oldest record, else the first of this moment or later.</summary>
    public long? OriginMs => originMs;

    public long RetentionMs
    {
        get => Volatile.Read(ref _retentionMs);
        set => Volatile.Write(ref _retentionMs, value);
    }
}

/// <summary>The positions of one shard, kept in the positions file before they are given out.</summary>
internal sealed class ShardPositions
{
    private readonly PositionStore _store;
    private readonly StreamPlace _stream;
    private readonly int _partition;
    private readonly KinesisLogLimits _limits;
    private readonly TimeProvider _time;
    private ShardMark? _last;

    public ShardPositions(PositionStore store, StreamPlace stream, int partition, KinesisLogLimits limits, TimeProvider time)
    {
        (_store, _stream, _partition, _limits, _time) = (store, stream, partition, limits, time);
        Reached = store.ReachedOf(stream.Id, partition);
        _last = store.LastMark(stream.Id, partition);
        Start = FindStart();
    }

    /// <summary>Null when nothing was ever read of the shard.</summary>
    public Reached? Reached { get; private set; }

    public long Start { get; private set; }

    public long End => Reached?.NextOffset ?? 0;

    public PartitionOffsets Offsets => new(Start, End);

    public string File => _store.Path;

    /// <summary>Whether records may have been lost behind <see cref="Reached"/>: what came after it may be older than the stream keeps.</summary>
    public bool IsReachedStale => Reached is { SequenceNumber.Length: > 0 } reached && NowMs() - reached.SafeMs >= _stream.RetentionMs;

    /// <summary>Whether the shard was closed and read to its end: whatever becomes of it, nothing is missing.</summary>
    public bool IsEndReached => Reached is { SafeMs: long.MaxValue };

    public ShardMark? MarkAt(long offset) => _store.MarkAt(_stream.Id, _partition, offset);

    public ShardMark? MarkBefore(long arrivalMs) => _store.MarkBefore(_stream.Id, _partition, arrivalMs);

    /// <summary>Notes a page before its records are given out.</summary>
    public void Note(ShardPage page)
    {
        if (page.NextIterator is null && page.NextOffset >= End && !IsEndReached)
        {
            Advance(new Reached(page.NextOffset, page.First is null ? Reached?.SequenceNumber ?? "" : page.Last.SequenceNumber, long.MaxValue), page.First);
            return;
        }

        if (page.First is not { } first)
        {
            // The end of a quiet shard is noted now and then, so that silence longer than the retention is not taken for a loss.
            if (page.IsLatest && Reached is { } quiet && !IsEndReached && page.NextOffset == quiet.NextOffset && NowMs() - quiet.SafeMs >= _limits.MarkInterval.TotalMilliseconds)
            {
                Advance(quiet with { SafeMs = NowMs() }, mark: null);
            }

            return;
        }

        if (page.NextOffset <= End || IsEndReached) return;
        var isMark = _last is not { } last
            || first.Offset - last.Offset >= _limits.MarkRecords
            || (first.Offset > last.Offset && first.ArrivalMs - last.ArrivalMs >= _limits.MarkInterval.TotalMilliseconds);
        Advance(new Reached(page.NextOffset, page.Last.SequenceNumber, page.IsLatest ? NowMs() : page.Last.ArrivalMs), isMark ? first : null);
    }

    /// <summary>The record of a mark is gone, and with it all before it.</summary>
    public void LoseMark(ShardMark mark)
    {
        _store.ForgetMarks(_stream.Id, _partition, mark.Offset, reached: null);
        _last = _store.LastMark(_stream.Id, _partition);
        Start = FindStart();
    }

    /// <summary>
    /// Records behind <see cref="Reached"/> are gone, nobody can tell how many: one offset stands for them, and the oldest record that is kept
    /// gets the next.
    /// </summary>
    public void LoseReached()
    {
        var reached = new Reached(End + 1, "", NowMs());
        _store.ForgetMarks(_stream.Id, _partition, long.MaxValue, reached);
        Reached = reached;
        _last = null;
        Start = FindStart();
    }

    private void Advance(Reached reached, ShardMark? mark)
    {
        _store.Advance(_stream.Id, _partition, reached, mark, NowMs() - _stream.RetentionMs);
        Reached = reached;
        if (mark is null) return;
        _last = mark;
        Start = FindStart();
    }

    private long FindStart() => _store.FirstMark(_stream.Id, _partition)?.Offset ?? End;

    private long NowMs() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
