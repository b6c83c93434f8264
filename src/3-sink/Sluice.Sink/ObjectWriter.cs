using Sluice.Log;
using Sluice.Objects;

namespace Sluice.Sink;

/// <summary>
/// Reads ranges of the log and puts them as objects, one line per record, in order. An object holds consecutive offsets, so
/// line number = offset - start offset; where a range has a hole (a compacted log, a record that has no line), the object ends
/// and the next begins after it. Memory: one part and the lines of one read.
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
    private long _start;
    private long _end;
    private LandedCounts _counts;

    private bool IsOpen => _end > _start;

    /// <summary>
    /// Writes the ranges, which are ordered and do not overlap. When this returns, every object is durable; when it throws,
    /// the first of them may be.
    /// </summary>
    /// <exception cref="SinkException">A record that the configuration says to fail on, or the log ends before the ranges do.</exception>
    public async Task<LandedCounts> WriteAsync(TopicPartition partition, ReadOnlyMemory<ObjectRange> ranges, CancellationToken cancel)
    {
        Reset();
        using var lines = new LineBuffer();
        _lines = lines;
        try
        {
            var position = ranges.Span[0].Start;
            var end = ranges.Span[^1].End;
            var next = 0;
            while (position < end)
            {
                var fetched = await log.ReadAsync(partition, position, SinkLimits.FetchBytes, cancel);
                if (fetched.Bytes.IsEmpty)
                    throw new SinkException($"{partition} ends at {position}, before the end {end} of objects that were decided on: the log lost records.");
                position = Append(partition, fetched.Bytes.Span, position, ranges.Span, ref next);
                if (position >= end) Finish();
                if (_deadLetters is not null) await _deadLetters.SendAsync(cancel);
                await PutFinishedAsync(partition, cancel);
                if (_lines.Length >= config.PartBytes) await PutPartAsync(partition, cancel);
            }

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
        (_start, _end, _uploadedBytes) = (0, 0, 0);
        _counts = default;
        _finished.Clear();
        _deadLetters?.Clear();
    }

    /// <summary>Appends the lines of the records in the ranges; returns the offset to read on from.</summary>
    private long Append(TopicPartition partition, ReadOnlySpan<byte> batches, long position, ReadOnlySpan<ObjectRange> ranges, ref int next)
    {
        var records = new RecordReader(batches, position);
        while (records.MoveNext())
        {
            var offset = records.Offset;
            while (offset >= ranges[next].End)
            {
                Finish();
                if (++next == ranges.Length) return offset;
            }

            if (IsOpen && offset != _end) Finish();
            if (!AppendLine(partition, ref records))
            {
                Finish();
                _counts.Dropped++;
                continue;
            }

            _lines.Append((byte)'\n');
            if (!IsOpen) _start = offset;
            _end = offset + 1;
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
                _deadLetters!.Add(record.TimestampMs, record.Key, record.Value);
                return false;
            default:
                return false;
        }
    }

    /// <summary>Ends the open object at the end of the lines.</summary>
    private void Finish()
    {
        if (!IsOpen) return;
        _finished.Add(new FinishedObject(new ObjectRange(_start, _end), _lines.Length));
        _start = _end;
    }

    private async Task PutFinishedAsync(TopicPartition partition, CancellationToken cancel)
    {
        var from = 0;
        foreach (var (range, to) in _finished)
        {
            var lines = _lines.Written[from..to];
            if (_upload is null) await objects.PutAsync(config.KeyOf(partition, range.Start), lines, cancel);
            else await CompleteAsync(_upload, lines, cancel);
            _counts += new LandedCounts(1, range.End - range.Start, _uploadedBytes + lines.Length, 0, 0);
            _uploadedBytes = 0;
            from = to;
        }

        _finished.Clear();
        _lines.DropFirst(from);
    }

    private async Task CompleteAsync(IMultipartUpload upload, ReadOnlyMemory<byte> lastPart, CancellationToken cancel)
    {
        if (!lastPart.IsEmpty) await upload.WritePartAsync(lastPart, cancel);
        await upload.CompleteAsync(cancel);
        await upload.DisposeAsync();
        _upload = null;
    }

    private async Task PutPartAsync(TopicPartition partition, CancellationToken cancel)
    {
        _upload ??= await objects.BeginMultipartAsync(config.KeyOf(partition, _start), cancel);
        await _upload.WritePartAsync(_lines.Written, cancel);
        _uploadedBytes += _lines.Length;
        _lines.DropFirst(_lines.Length);
    }

    private readonly record struct FinishedObject(ObjectRange Range, int LinesEnd);
}
