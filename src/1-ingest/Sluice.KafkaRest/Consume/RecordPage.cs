using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary>The answer to one read while it is made: the records as JSON, and how far each partition got.</summary>
internal sealed class RecordPage : IDisposable
{
    /// <summary>The budget of all bodies is asked for this much at a time: a sixteenth of the largest answer.</summary>
    private const int BudgetStep = 4 * 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _writer;
    private readonly EmbeddedFormat _format;
    private readonly RecordExtras _extras;
    private readonly long _bytesMax;
    private readonly RequestBudget _budget;
    private readonly Dictionary<AssignedPartition, (long From, long Next)> _read = [];
    private long _reserved;

    public RecordPage(EmbeddedFormat format, RecordExtras extras, long bytesMax, RequestBudget budget)
    {
        _format = format;
        _extras = extras;
        _bytesMax = bytesMax;
        _budget = budget;
        _writer = new Utf8JsonWriter(_buffer, RestResponse.JsonOptions);
        _writer.WriteStartArray();
    }

    public int Count { get; private set; }

    /// <summary>Bytes of keys and values, and of headers that are shown, so far.</summary>
    public long Bytes { get; private set; }

    public bool IsFull { get; private set; }

    /// <summary>Once this page is delivered: the partitions that were read go on behind it.</summary>
    public void Deliver()
    {
        foreach (var (assigned, (from, next)) in _read) assigned.Deliver(from, next);
    }

    /// <summary>The offset the next record of a partition is read from; the position unless the page goes on from there.</summary>
    public long NextOf(AssignedPartition assigned, long position) =>
        _read.TryGetValue(assigned, out var read) && read.From == position ? read.Next : position;

    /// <summary>Whether the page has records, and read this partition before its position moved elsewhere: then it ends here.</summary>
    public bool IsBehindSeek(AssignedPartition assigned, long position) =>
        Count > 0 && _read.TryGetValue(assigned, out var read) && read.From != position;

    /// <summary>Writes records until the page is full. A record that the format cannot show ends the page, or is the refusal when it comes first.</summary>
    /// <param name="assigned">The partition.</param>
    /// <param name="position">Where reading it began.</param>
    /// <param name="batches">Batches from <see cref="NextOf"/> on.</param>
    public RestError? Add(AssignedPartition assigned, long position, ReadOnlySpan<byte> batches)
    {
        var records = new RecordReader(batches, NextOf(assigned, position));
        while (records.MoveNext())
        {
            var size = records.Key.Span.Length + records.Value.Span.Length;
            if (_extras.HasFlag(RecordExtras.Headers)) size += records.HeaderBytes;
            if (Count > 0 && Bytes + size > _bytesMax)
            {
                IsFull = true;
                return null;
            }

            var error = Fault(assigned.Partition, records, size);
            if (error is not null)
            {
                IsFull = true;
                return Count == 0 ? error : null;
            }

            Write(assigned.Partition, records);
            Count++;
            Bytes += size;
            _read[assigned] = (position, records.Offset + 1);
        }

        _read[assigned] = (position, records.NextOffset);
        return null;
    }

    /// <summary>The whole answer; nothing can be added after it.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        _writer.WriteEndArray();
        _writer.Flush();
        return _buffer.WrittenSpan;
    }

    public void Dispose()
    {
        _writer.Dispose();
        _budget.Return(_reserved);
    }

    private RestError? Fault(TopicPartition partition, in RecordReader records, int size)
    {
        if (_format == EmbeddedFormat.Json && !(IsJson(records.Key) && IsJson(records.Value)))
        {
            return RestError.JsonConversion(string.Create(
                CultureInfo.InvariantCulture,
                $"the record at offset {records.Offset} of {partition} is not JSON. Read it with a binary consumer, or move the position behind it."));
        }

        while (_writer.BytesCommitted + _writer.BytesPending + (2L * size) > _reserved)
        {
            if (!_budget.TryTake(BudgetStep)) return RestError.TooManyBytes;
            _reserved += BudgetStep;
        }

        return null;
    }

    private void Write(TopicPartition partition, in RecordReader records)
    {
        _writer.WriteStartObject();
        _writer.WriteString("topic"u8, partition.Topic);
        _writer.WritePropertyName("key"u8);
        WriteData(records.Key);
        _writer.WritePropertyName("value"u8);
        WriteData(records.Value);
        _writer.WriteNumber("partition"u8, partition.Partition);
        _writer.WriteNumber("offset"u8, records.Offset);
        if (_extras.HasFlag(RecordExtras.Timestamps)) _writer.WriteNumber("timestamp"u8, records.TimestampMs);
        if (_extras.HasFlag(RecordExtras.Headers)) WriteHeaders(records.ReadHeaders());
        _writer.WriteEndObject();
    }

    /// <summary>As v3 produce takes them: names, and values in base64.</summary>
    private void WriteHeaders(RecordHeader[] headers)
    {
        _writer.WriteStartArray("headers"u8);
        foreach (var (name, value) in headers)
        {
            _writer.WriteStartObject();
            _writer.WriteString("name"u8, name);
            if (value is null) _writer.WriteNull("value"u8);
            else _writer.WriteBase64String("value"u8, value);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteData(RecordBytes data)
    {
        if (data.IsNull) _writer.WriteNullValue();
        else if (_format == EmbeddedFormat.Json) _writer.WriteRawValue(data.Span, skipInputValidation: true);
        else _writer.WriteBase64StringValue(data.Span);
    }

    private static bool IsJson(RecordBytes data)
    {
        if (data.IsNull) return true;
        if (data.Span.IsEmpty) return false;
        try
        {
            var reader = new Utf8JsonReader(data.Span, new JsonReaderOptions { MaxDepth = 1000 });
            while (reader.Read())
            {
                // Reading to the end is the check.
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
