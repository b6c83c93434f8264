namespace Sluice.Cleaning.Raw;

/// <summary>
/// Records on their way through cleaning, whatever their origin: bytes, and the position each has in its log. A record is
/// named by its ordinal in the batch, which grows with (topic and partition as added, offset): it is the SQL's <c>_position</c>.
/// </summary>
internal sealed class RawBatch
{
    private readonly List<ReadOnlyMemory<byte>> _rows = [];
    private readonly List<RawRun> _runs = [];
    private readonly List<RawChunk> _chunks = [];
    private readonly SortedDictionary<int, long> _begun = [];
    private readonly SortedDictionary<int, RawPosition> _reached = [];
    private readonly Dictionary<int, long> _skipped = [];
    private int _countReached;

    public int Count => _rows.Count;

    /// <summary>Bytes of the records, line ends excluded.</summary>
    public long Bytes { get; private set; }

    /// <summary>The runs of consecutive records, in order of their ordinals.</summary>
    public IReadOnlyList<RawRun> Runs => _runs;

    /// <summary>By partition, the offset that reading for this batch began at: the batch holds what there is from it to what is reached.</summary>
    public IReadOnlyDictionary<int, long> Begun => _begun;

    /// <summary>By partition, the position that cleaning this batch reaches.</summary>
    public IReadOnlyDictionary<int, RawPosition> Reached => _reached;

    /// <summary>Whether there is a position to commit: also where there are offsets and no record.</summary>
    public bool HasMoved => _reached.Count > 0;

    public ReadOnlyMemory<byte> this[int ordinal] => _rows[ordinal];

    /// <summary>Adds the record at <paramref name="place"/>. The bytes are kept, not copied.</summary>
    public void Add(in RawPlace place, ReadOnlyMemory<byte> record)
    {
        if (_runs.Count == 0 || !_runs[^1].ContinuesWith(place, Count)) _runs.Add(new RawRun(Count, place));
        _rows.Add(record);
        Bytes += record.Length;
    }

    /// <summary>Keeps the memory that records lie in until <see cref="Release"/>.</summary>
    public void Hold(RawChunk chunk)
    {
        if (_chunks.Count > 0 && _chunks[^1] == chunk) return;
        chunk.Hold();
        _chunks.Add(chunk);
    }

    /// <summary>Gives the memory back: the records are gone, and no statement that reads them may be running.</summary>
    public void Release()
    {
        _rows.Clear();
        foreach (var chunk in _chunks) chunk.LetGo();
        _chunks.Clear();
    }

    /// <summary>The record at an offset; null when the batch does not hold it.</summary>
    public int? OrdinalAt(int partition, long offset)
    {
        // Runs are in order of (partition, offset): the last that does not begin behind the place is the only one that can hold it.
        var low = 0;
        var high = _runs.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            var first = _runs[middle].First;
            if (first.Partition < partition || (first.Partition == partition && first.Offset <= offset)) low = middle;
            else high = middle - 1;
        }

        if (_runs.Count == 0 || _runs[low].First.Partition != partition) return null;
        var distance = offset - _runs[low].First.Offset;
        var end = low + 1 < _runs.Count ? _runs[low + 1].FirstOrdinal : Count;
        return distance >= 0 && _runs[low].FirstOrdinal + distance < end ? _runs[low].FirstOrdinal + (int)distance : null;
    }

    /// <summary>Notes that the partition was read from an offset, which is where it was read up to before, up to a position.</summary>
    public void Reach(int partition, long from, RawPosition position)
    {
        _begun.TryAdd(partition, from);
        _reached[partition] = position;
        _countReached = Count;
    }

    /// <summary>Takes back the records behind the position that was reached last: what they were read from is at fault.</summary>
    public void DropUnreached()
    {
        for (var ordinal = _countReached; ordinal < Count; ordinal++) Bytes -= _rows[ordinal].Length;
        _rows.RemoveRange(_countReached, Count - _countReached);
        _runs.RemoveAll(run => run.FirstOrdinal >= _countReached);
    }

    /// <summary>Notes that so many records of the partition, before the position it reaches, cannot be read.</summary>
    public void Skip(int partition, long records)
    {
        if (records > 0) _skipped[partition] = SkippedOf(partition) + records;
    }

    /// <summary>Records of the partition that cannot be read.</summary>
    public long SkippedOf(int partition) => _skipped.GetValueOrDefault(partition);

    /// <summary>Records of the partition.</summary>
    public long RecordsOf(int partition)
    {
        var records = 0L;
        for (var at = 0; at < _runs.Count; at++)
        {
            if (_runs[at].First.Partition == partition) records += (at + 1 < _runs.Count ? _runs[at + 1].FirstOrdinal : Count) - _runs[at].FirstOrdinal;
        }

        return records;
    }

    /// <summary>Where the record came from.</summary>
    public RawPlace PlaceOf(int ordinal)
    {
        var low = 0;
        var high = _runs.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (_runs[middle].FirstOrdinal <= ordinal) low = middle;
            else high = middle - 1;
        }

        return _runs[low].PlaceOf(ordinal);
    }
}

/// <summary>Where a record came from: its position in the log, and the object and line (1 is the first) it was read from, if any.</summary>
internal readonly record struct RawPlace(string Topic, int Partition, long Offset, string? Object, long? Line);

/// <summary>Records with consecutive ordinals, offsets and lines.</summary>
internal readonly record struct RawRun(int FirstOrdinal, RawPlace First)
{
    public RawPlace PlaceOf(int ordinal)
    {
        var distance = ordinal - FirstOrdinal;
        return First with { Offset = First.Offset + distance, Line = First.Line + distance };
    }

    public bool ContinuesWith(in RawPlace place, int ordinal) => PlaceOf(ordinal) == place;
}
