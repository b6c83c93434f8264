using System.Text;
using System.Text.Unicode;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>
/// Some records of a shard, written into an answer: as many as a number, a size and the end of the shard allow, at least one when there is any.
/// </summary>
internal sealed class RecordPage(KinesisCall call, StreamDescription stream, Shard shard, int recordsMax)
{
    /// <summary>
    /// Memory for the largest answer: 10 MiB of records as read, and as base64 in a buffer whose size is a power of two.
    /// </summary>
    private const long LargeAnswerBytes = 28L << 20;

    private int _count;
    private long _lastTimestampMs;
    private bool _isFull;

    /// <summary>Where the next page begins.</summary>
    public long Next { get; private set; }

    /// <summary>The end of the shard when the page was read.</summary>
    public long End { get; private set; }

    public long Bytes { get; private set; }

    public bool IsEmpty => _count == 0;

    /// <summary>The shard is closed and nothing is left of it. Read the stream's description before the page.</summary>
    public bool IsLast => shard.IsClosed && Next >= End;

    /// <summary>How far behind the newest record the page ends, in ms.</summary>
    public long MillisBehindLatest => Next >= End ? 0 : Math.Max(0, call.NowMs - _lastTimestampMs);

    /// <summary>Writes the list of records from an offset on; one that retention has taken meanwhile is stepped over.</summary>
    /// <returns>An error when too many large answers are under way.</returns>
    public async ValueTask<KinesisError?> WriteAsync(long offset, long bytesMax)
    {
        var partition = new TopicPartition(stream.Name, shard.Number);
        var offsets = await call.Log.OffsetsAsync(partition, call.Cancel);
        (Next, End) = (Math.Clamp(offset, offsets.Start, offsets.End), offsets.End);
        call.Response.StartList("Records"u8);
        while (!_isFull && Next < End)
        {
            if (await ReadAsync(partition) is not { } fetched) continue;
            if (fetched.Bytes.Length > call.Options.Limits.SmallBytes && !await call.ReserveAsync(LargeAnswerBytes)) return KinesisError.Overloaded;
            Write(fetched, bytesMax);
        }

        call.Response.EndList();
        return null;
    }

    /// <summary>Writes what tells a reader of a closed shard where to go on.</summary>
    public void WriteChildShards()
    {
        if (!IsLast) return;
        call.Response.StartList("ChildShards"u8);
        foreach (var child in stream.ChildrenOf(shard)) ShardWriter.WriteChild(call.Response, child);
        call.Response.EndList();
    }

    private async ValueTask<FetchedBatches?> ReadAsync(TopicPartition partition)
    {
        try
        {
            return await call.Log.ReadAsync(partition, Next, call.Options.Limits.ReadBytes, call.Fetched, call.Cancel);
        }
        catch (OffsetOutOfRangeException)
        {
            // Retention moved the start between the look at it and the read: the page goes on there.
            var offsets = await call.Log.OffsetsAsync(partition, call.Cancel);
            (Next, End) = (Math.Max(Next, offsets.Start), offsets.End);
            return null;
        }
    }

    private void Write(FetchedBatches fetched, long bytesMax)
    {
        var records = new RecordReader(fetched.Bytes.Span, Next);
        while (records.MoveNext())
        {
            var size = records.Key.Span.Length + records.Value.Span.Length;
            if (_count == recordsMax || (_count > 0 && Bytes + size > bytesMax))
            {
                _isFull = true;
                return;
            }

            Write(records);
            _count++;
            Bytes += size;
            _lastTimestampMs = records.TimestampMs;
            Next = records.Offset + 1;
        }

        Next = records.NextOffset;
        _isFull = _count == recordsMax || Bytes >= bytesMax;
    }

    private void Write(in RecordReader record)
    {
        var response = call.Response;
        Span<byte> digits = stackalloc byte[SequenceNumber.Digits];
        shard.SequenceNumberOf(record.Offset).Format(digits);
        response.StartMap();
        response.Name("SequenceNumber"u8);
        response.Text(digits);
        response.Timestamp("ApproximateArrivalTimestamp"u8, record.TimestampMs);
        response.Name("Data"u8);
        response.Blob(record.Value.Span);
        response.Name("PartitionKey"u8);
        // A Kafka producer may have put any bytes there; those that are no UTF-8 are shown as such.
        if (Utf8.IsValid(record.Key.Span)) response.Text(record.Key.Span);
        else response.Text(Encoding.UTF8.GetString(record.Key.Span));
        if (stream.Attributes.EncryptionKeyId is not null) response.Text("EncryptionType"u8, "KMS");
        response.EndMap();
    }
}
