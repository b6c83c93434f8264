using Sluice.Log;

namespace Sluice.Simulation.Log;

/// <summary>What a partition must hold, kept beside the real one by simpler means.</summary>
internal sealed class PartitionModel(TopicPartition name)
{
    /// <summary>The result of a call that has completed, as every call has on a log without threads.</summary>
    internal static T AtOnce<T>(ValueTask<T> task)
    {
        if (!task.IsCompleted) throw new InvalidOperationException("Without threads every call completes at once.");
#pragma warning disable VSTHRD002 // It has completed.
        return task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    /// <summary>A record: its text and its time.</summary>
    internal readonly record struct Entry(string Text, long TimestampMs);

    private readonly List<Entry> _settled = [];
    private readonly List<Entry[]> _unsettled = [];
    private readonly List<(ValueTask<AppendResult> Task, Entry[] Batch)> _waiting = [];

    public TopicPartition Name => name;

    /// <summary>Every record that must be there, by offset: answered, or found after a crash.</summary>
    public IReadOnlyList<Entry> Settled => _settled;

    public long Start { get; private set; }

    /// <summary>It is a shard that was split or merged: nothing is added to it any more.</summary>
    public bool IsClosed { get; set; }

    public void Appended(ValueTask<AppendResult> task, Entry[] batch) => _waiting.Add((task, batch));

    /// <summary>Looks at which appends were answered.</summary>
    public void CollectAnswers()
    {
        var answered = _waiting.TakeWhile(w => w.Task.IsCompleted).ToArray();
        _waiting.RemoveRange(0, answered.Length);
        foreach (var (task, batch) in answered)
        {
            var result = AtOnce(task);
            if (result.Error == AppendError.None)
            {
                Ensure(_unsettled.Count == 0, "an append was answered after one that failed");
                Ensure(result.BaseOffset == _settled.Count, $"an append got offset {result.BaseOffset}, {_settled.Count} is next");
                _settled.AddRange(batch);
            }
            else if (result.Error == AppendError.StorageError)
            {
                _unsettled.Add(batch);
            }
            else
            {
                var expected = IsClosed ? AppendError.PartitionClosed : AppendError.Busy;
                Ensure(result.Error == expected, $"an append was refused with {result.Error}");
            }
        }
    }

    /// <summary>The process died: what was not answered may or may not be there afterwards.</summary>
    public void Died()
    {
        CollectAnswers();
        _unsettled.AddRange(_waiting.Select(w => w.Batch));
        _waiting.Clear();
    }

    /// <summary>
    /// After a start: everything settled is there, and behind it at most whole unsettled batches, in their order. What was
    /// found is settled from here on, and what was not must never appear.
    /// </summary>
    public void Recovered(ILog log)
    {
        CollectAnswers();
        var offsets = Offsets(log);
        Ensure(offsets.End >= _settled.Count, $"{_settled.Count - offsets.End} answered records are lost");
        foreach (var batch in _unsettled)
        {
            if (_settled.Count >= offsets.End) break;
            _settled.AddRange(batch);
        }

        _unsettled.Clear();
        Ensure(offsets.End == _settled.Count, $"the log ends at {offsets.End}, records are known up to {_settled.Count}");
        Check(log);
    }

    /// <summary>Reads all there is and compares.</summary>
    public void Check(ILog log)
    {
        var offsets = Offsets(log);
        Ensure(offsets.Start >= Start, $"the start went back from {Start} to {offsets.Start}");
        Ensure(offsets.End == _settled.Count, $"the log ends at {offsets.End}, {_settled.Count} records are settled");
        Start = offsets.Start;
        for (var at = Start; at < offsets.End;)
        {
            var fetched = AtOnce(log.ReadAsync(name, at, 700, default));
            var records = new RecordReader(fetched.Bytes.Span, at);
            while (records.MoveNext())
            {
                Ensure(records.Offset == at, $"offset {records.Offset} follows {at - 1}");
                var found = new Entry(System.Text.Encoding.UTF8.GetString(records.Value.Span), records.TimestampMs);
                Ensure(found == _settled[(int)at], $"offset {at} holds '{found}', not '{_settled[(int)at]}'");
                at++;
            }
        }
    }

    public void CheckTimestamp(ILog log, long timestampMs)
    {
        long? expected = null;
        for (var i = Start; i < _settled.Count && expected is null; i++)
        {
            if (_settled[(int)i].TimestampMs >= timestampMs) expected = i;
        }

        var found = AtOnce(log.OffsetForTimestampAsync(name, timestampMs, default));
        Ensure(found == expected, $"timestamp {timestampMs} is at {found}, not at {expected}");
    }

    public void CheckRetention(ILog log, long retentionMs, long nowMs)
    {
        var start = Offsets(log).Start;
        for (var i = Start; i < start; i++)
        {
            // Segments go whole, so one record that is young enough keeps all of its segment.
            Ensure(nowMs - _settled[(int)i].TimestampMs > retentionMs, $"retention took the young record {i}");
        }

        Start = start;
    }

    private PartitionOffsets Offsets(ILog log) => AtOnce(log.OffsetsAsync(name, default));

    private void Ensure(bool holds, string fault)
    {
        if (!holds) throw new BrokenPromiseException($"{name}: {fault}");
    }
}

/// <summary>The log did what it promised not to do.</summary>
internal sealed class BrokenPromiseException(string what) : Exception(what);
