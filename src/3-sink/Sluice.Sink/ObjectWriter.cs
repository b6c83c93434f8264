using Sluice.Log;
using Sluice.Objects;

namespace Sluice.Sink;

/// <summary>
/// Reads ranges of the log and puts each as an object, one line per record, in order. Where the lines are not the records of the range
/// one by one, because offsets have none (transaction markers, compaction) or no line, their offsets are put first, beside the object.
/// Memory: one part and the lines of one read.
/// </summary>
/// <remarks>One write at a time: the buffer and the object under construction are its state.</remarks>
internal sealed class ObjectWriter(ILog log, IObjectStore objects, SinkConfig config)
{
    private readonly List<FinishedObject> _finished = [];
    private readonly DeadLetters? _deadLetters =
        config.MalformedValues == MalformedValues.DeadLetter ? new DeadLetters(log, config.DeadLetterTopic!) : null;

    private LineBuffer _lines = null!;
    private IMultipartUpload? _upload;
    private long _uploadedBytes;
    private OffsetRuns _withLine = new();
    private OffsetRuns _skipped = new();
    private LandedCounts _counts;

    /// <summary>
    /// Writes the ranges, which follow each other. When this returns, every object is durable; when it throws, the first of them may be.
    /// </summary>
    /// <exception cref="SinkException">A record that the configuration says to fail on, or the log ends before the ranges do.</exception>
    public async Task<LandedCounts> WriteAsync(
        TopicPartition partition, ReadOnlyMemory<ObjectRange> ranges, Claiming claiming, CancellationToken cancel)
    {
        Reset();
        using var lines = new LineBuffer();
        _lines = lines;
        try
        {
            var (position, end, next) = (ranges.Span[0].From, ranges.Span[^1].End, 0);
            if (await log.OffsetsAsync(partition, cancel) is { Start: var start } && start > position) position = Skip(ranges.Span, start, ref next);
            while (position < end)
            {
                var fetched = await log.ReadAsync(partition, position, SinkLimits.FetchBytes, cancel);
                if (fetched.Bytes.IsEmpty)
                    throw new SinkException($"{partition} ends at {position}, before the end {end} of objects that were decided on: the log lost records.");
                position = Append(partition, fetched.Bytes.Span, position, ranges.Span, ref next);
                FinishUpTo(position, ranges.Span, ref next);
                if (_deadLetters is not null) await _deadLetters.SendAsync(cancel);
                await PutFinishedAsync(partition, claiming, cancel);
                if (_lines.Length >= config.PartBytes) await PutPartAsync(config.KeyOf(partition, ranges.Span[next].First), cancel);
            }

            await PutFinishedAsync(partition, claiming, cancel);
            return _counts;
        }
        finally
        {
            if (_upload is not null) await _upload.DisposeAsync();
            _upload = null;
        }
    }

    private void Reset()
    {
        _uploadedBytes = 0;
        (_withLine, _skipped) = (new OffsetRuns(), new OffsetRuns());
        _counts = default;
        _finished.Clear();
        _deadLetters?.Clear();
    }

    /// <summary>Passes over what the log removed before it was sunk; returns the offset to read on from.</summary>
    private long Skip(ReadOnlySpan<ObjectRange> ranges, long start, ref int next)
    {
        foreach (var range in ranges)
        {
            if (range.From >= start) break;
            var end = Math.Min(start, range.End);
            _skipped.Add(range.From, end);
            FinishUpTo(end, ranges, ref next);
        }

        return start;
    }

    /// <summary>Appends the lines of the records in the ranges; returns the offset to read on from.</summary>
    private long Append(TopicPartition partition, ReadOnlySpan<byte> batches, long position, ReadOnlySpan<ObjectRange> ranges, ref int next)
    {
        var records = new RecordReader(batches, position);
        while (records.MoveNext())
        {
            FinishUpTo(records.Offset, ranges, ref next);
            if (next == ranges.Length) return records.Offset;
            if (AppendLine(partition, ref records))
            {
                _lines.Append((byte)'\n');
                _withLine.Add(records.Offset, records.Offset + 1);
            }
            else
            {
                _counts.Dropped++;
                _skipped.Add(records.Offset, records.Offset + 1);
            }
        }

        return records.NextOffset;
    }

    /// <summary>Appends the line of a record; false when the record has none.</summary>
    private bool AppendLine(TopicPartition partition, ref RecordReader record)
    {
        var value = record.Value;
        if (value.IsNull)
        {
            if (config.NullValues == NullValues.Fail)
                throw new SinkException($"The value at offset {record.Offset} of {partition} is null, and behavior.on.null.values=fail.");
            if (config.NullValues == NullValues.Write) _lines.Append("null"u8);
            return config.NullValues == NullValues.Write;
        }

        return JsonLine.TryAppend(value.Span, _lines) || AppendMalformed(partition, ref record);
    }

    private bool AppendMalformed(TopicPartition partition, ref RecordReader record)
    {
        _counts.Malformed++;
        switch (config.MalformedValues)
        {
            case MalformedValues.Land:
                MalformedLine.Append(record.Value.Span, _lines);
                return true;
            case MalformedValues.Fail:
                throw new SinkException(
                    $"The value at offset {record.Offset} of {partition} is not JSON, and errors.tolerance=none. " +
                    "Set behavior.on.malformed=land to have cleaning quarantine it, or errors.tolerance=all to pass over it.");
            case MalformedValues.DeadLetter:
                _deadLetters!.Add(ref record);
                return false;
            default:
                return false;
        }
    }

    /// <summary>Ends the objects whose ranges lie before the offset.</summary>
    private void FinishUpTo(long offset, ReadOnlySpan<ObjectRange> ranges, ref int next)
    {
        for (; next < ranges.Length && ranges[next].End <= offset; next++)
        {
            _finished.Add(new FinishedObject(ranges[next], _withLine, _skipped, _lines.Length));
            (_withLine, _skipped) = (new OffsetRuns(), new OffsetRuns());
        }
    }

    private async Task PutFinishedAsync(TopicPartition partition, Claiming claiming, CancellationToken cancel)
    {
        var from = 0;
        foreach (var done in _finished)
        {
            // Whoever sees the object sees its offsets.
            if (claiming == Claiming.Claim) await ClaimAsync(partition, done, cancel);
            else if (claiming == Claiming.Follow || !done.IsDense)
                await objects.PutAsync(config.OffsetsKeyOf(partition, done.Range.From), done.Offsets().ToJson(), cancel);
            var lines = _lines.Written[from..done.LinesEnd];
            if (done.WithLine.Count > 0) await PutAsync(config.KeyOf(partition, done.Range.First), lines, claiming, cancel);
            if (done.WithLine.Count > 0) _counts += new LandedCounts(1, done.WithLine.Count, _uploadedBytes + lines.Length, 0, 0);
            _uploadedBytes = 0;
            from = done.LinesEnd;
        }

        _finished.Clear();
        _lines.DropFirst(from);
    }

    private async Task ClaimAsync(TopicPartition partition, FinishedObject done, CancellationToken cancel)
    {
        var key = config.OffsetsKeyOf(partition, done.Range.From);
        if (await objects.PutIfAbsentAsync(key, done.Offsets().ToJson(), cancel)) return;
        throw new SinkException($"Another process put {key}: {partition} is its own, or was. This one goes on behind what is there, where it is its own again.");
    }

    private async Task PutAsync(ObjectKey key, ReadOnlyMemory<byte> lines, Claiming claiming, CancellationToken cancel)
    {
        if (_upload is null)
        {
            // Of a claimed object every process puts the same lines; if one did, they are there.
            if (claiming == Claiming.None) await objects.PutAsync(key, lines, cancel);
            else await objects.PutIfAbsentAsync(key, lines, cancel);
            return;
        }

        if (!lines.IsEmpty) await _upload.WritePartAsync(lines, cancel);
        await _upload.CompleteAsync(cancel);
        await _upload.DisposeAsync();
        _upload = null;
    }

    private async Task PutPartAsync(ObjectKey key, CancellationToken cancel)
    {
        _upload ??= await objects.BeginMultipartAsync(key, cancel);
        await _upload.WritePartAsync(_lines.Written, cancel);
        _uploadedBytes += _lines.Length;
        _lines.DropFirst(_lines.Length);
    }

    private readonly record struct FinishedObject(ObjectRange Range, OffsetRuns WithLine, OffsetRuns Skipped, int LinesEnd)
    {
        /// <summary>Whether the lines are the offsets of the range one by one, as who reads only the object takes them.</summary>
        public bool IsDense => WithLine.Count == Range.End - Range.From;

        public LandedOffsets Offsets() =>
            new(Range.From, Range.End, WithLine.Count == 0 ? null : Range.First, WithLine.Ranges, Skipped.Ranges);
    }
}

/// <summary>What is put of the offsets beside an object.</summary>
internal enum Claiming
{
    /// <summary>Only those that the lines do not tell: no one else writes the partition.</summary>
    None,

    /// <summary>Those of every object, unless another process put some: who puts them has decided what the object is.</summary>
    Claim,

    /// <summary>Those of an object that was claimed, and is put by whoever finds that it is missing.</summary>
    Follow,
}
