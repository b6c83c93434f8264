using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Sluice.Bytes;

namespace Sluice.Log.Kinesis.Shards;

/// <summary>A record batch of consecutive offsets.</summary>
internal sealed record ShardBatch(long BaseOffset, long NextOffset, byte[] Bytes);

/// <summary>A place in a shard: the first record of this Kinesis record has this offset.</summary>
internal readonly record struct ShardMark(long Offset, string SequenceNumber, long ArrivalMs);

/// <summary>One answer of GetRecords, its records as batches.</summary>
internal sealed class ShardPage
{
    /// <summary>An answer shorter than this was not cut for its size: AWS cuts at 10 MB, others at 1 MB of data.</summary>
    private const int CutBytes = 1_000_000;

    public List<ShardBatch> Batches { get; } = [];

    /// <summary>The first Kinesis record of the page; null when it has none.</summary>
    public ShardMark? First { get; private set; }

    /// <summary>The last Kinesis record's sequence number and arrival; meaningless without <see cref="First"/>.</summary>
    public ShardMark Last { get; private set; }

    /// <summary>The offset after the page.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Null at the end of a closed shard.</summary>
    public string? NextIterator { get; private set; }

    /// <summary>
    /// Whether the shard ended behind this page when it was read. Milliseconds behind the end are 0 also in the middle of records that arrived
    /// within one millisecond, so a page that was cut for being full does not count.
    /// </summary>
    public bool IsLatest { get; private set; }

    /// <summary>Reads an answer of GetRecords whose first record has <paramref name="offset"/>.</summary>
    /// <param name="recordsAsked">As many records as were asked for.</param>
    /// <exception cref="KinesisException">It is no answer of GetRecords.</exception>
    public static ShardPage Read(ReadOnlySpan<byte> answer, long offset, int recordsAsked, int batchBytes)
    {
        var page = new ShardPage { NextOffset = offset };
        long millisBehind = 0;
        var count = 0;
        var batches = new BatchCutter(page, batchBytes);
        try
        {
            var reader = new Utf8JsonReader(answer);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("Records"u8)) count = page.ReadRecords(ref reader, batches);
                else if (reader.ValueTextEquals("NextShardIterator"u8)) page.NextIterator = StringOf(ref reader);
                else if (reader.ValueTextEquals("MillisBehindLatest"u8)) millisBehind = (long)NumberOf(ref reader);
                else reader.Skip();
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw new KinesisException($"Kinesis answered GetRecords with something else ({fault.Message}); check the endpoint.", fault);
        }

        batches.Cut();
        page.IsLatest = millisBehind == 0 && count < recordsAsked && answer.Length < CutBytes;
        return page;
    }

    private static double NumberOf(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : 0;
    }

    private static ReadOnlySpan<byte> TextOf(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.ValueIsEscaped ? System.Text.Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan;
    }

    private static string? StringOf(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString();
    }

    private int ReadRecords(ref Utf8JsonReader reader, BatchCutter batches)
    {
        var count = 0;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            count++;
            string? sequenceNumber = null;
            string? key = null;
            double arrival = 0;
            ReadOnlySpan<byte> data = default;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("Data"u8)) data = TextOf(ref reader);
                else if (reader.ValueTextEquals("PartitionKey"u8)) key = StringOf(ref reader);
                else if (reader.ValueTextEquals("SequenceNumber"u8)) sequenceNumber = StringOf(ref reader);
                else if (reader.ValueTextEquals("ApproximateArrivalTimestamp"u8)) arrival = NumberOf(ref reader);
                else reader.Skip();
            }

            var record = new ShardMark(NextOffset, sequenceNumber ?? throw new FormatException("a record without a sequence number"), (long)Math.Round(arrival * 1000));
            First ??= record;
            Last = record;
            batches.Add(record.ArrivalMs, key ?? "", data);
        }

        return count;
    }

    /// <summary>Packs records into batches of about the wanted size.</summary>
    private sealed class BatchCutter(ShardPage page, int batchBytes)
    {
        private readonly RecordBatchBuilder _builder = new();
        private long _base = page.NextOffset;

        public void Add(long arrivalMs, string key, ReadOnlySpan<byte> base64)
        {
            var data = ArrayPool<byte>.Shared.Rent(Math.Max(16, Base64.GetMaxDecodedFromUtf8Length(base64.Length)));
            try
            {
                if (Base64.DecodeFromUtf8(base64, data, out _, out var length) != OperationStatus.Done) throw new FormatException("data that is no base64");
                var value = data.AsSpan(0, length);
                if (AggregatedRecord.Read(value) is not { } inner)
                {
                    Append(arrivalMs, System.Text.Encoding.UTF8.GetBytes(key), value);
                    return;
                }

                foreach (var (innerKey, innerData) in inner) Append(arrivalMs, value[innerKey], value[innerData]);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(data);
            }
        }

        public void Cut()
        {
            if (_builder.Count == 0) return;
            var bytes = _builder.Build().ToArray();
            // The base offset is the first field of a batch and stands outside its checksum.
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, _base);
            page.Batches.Add(new ShardBatch(_base, page.NextOffset, bytes));
            _builder.Reset();
            _base = page.NextOffset;
        }

        private void Append(long arrivalMs, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            _builder.Append(arrivalMs, RecordBytes.Of(key), RecordBytes.Of(value));
            page.NextOffset++;
            if (_builder.SizeBytes >= batchBytes) Cut();
        }
    }
}
