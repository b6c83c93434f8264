using System.Text;
using System.Text.Json;
using Sluice.Log.Kinesis.Client;

namespace Sluice.Log.Kinesis.Puts;

/// <summary>Writes the records of a batch to one shard with PutRecords; records that were not taken are sent again, alone.</summary>
internal sealed class RecordPutter(KinesisClient client, KinesisLogLimits limits, TimeProvider time)
{
    private readonly record struct Record(string Key, ReadOnlyMemory<byte> Data);

    /// <summary>A result that is an error says that Kinesis has no record of the batch.</summary>
    /// <exception cref="NotSupportedException">A record has no value.</exception>
    /// <exception cref="KinesisException">Kinesis took some of the records, and not the others within all tries.</exception>
    public async Task<AppendError> PutAsync(string stream, string shardId, string hashKey, ReadOnlyMemory<byte> recordBatch, CancellationToken cancel)
    {
        var records = new List<Record>();
        if (!TryRead(recordBatch.Span, shardId, records)) return AppendError.CorruptMessage;
        if (records.Exists(record => SizeOf(record) > limits.RecordBytes)) return AppendError.MessageTooLarge;
        for (var taken = 0; taken < records.Count;)
        {
            var some = records.GetRange(taken, Fitting(records, taken));
            var refused = await PutSomeAsync(stream, hashKey, some, cancel);
            taken += some.Count - refused;
            if (refused == 0) continue;
            if (taken == 0) return AppendError.Busy;
            throw new KinesisException(
                $"Kinesis took {taken} of {records.Count} records for {shardId} of {stream} and had no room for the others: sent again as a whole, those are there twice.");
        }

        return AppendError.None;
    }

    private static int SizeOf(Record record) => record.Data.Length + Encoding.UTF8.GetByteCount(record.Key);

    private static bool TryRead(ReadOnlySpan<byte> batch, string keyless, List<Record> records)
    {
        try
        {
            var reader = new RecordReader(batch, 0);
            while (reader.MoveNext())
            {
                if (reader.Value.IsNull) throw new NotSupportedException("A record of Kinesis has data, which may be empty and is never null: append the record with a value.");
                var key = reader.Key.Span.IsEmpty ? keyless : Encoding.UTF8.GetString(reader.Key.Span);
                records.Add(new Record(key, reader.Value.Span.ToArray()));
            }

            return records.Count > 0;
        }
        catch (InvalidDataException)
        {
            // The caller is told which of its batches it is by the answer.
            return false;
        }
    }

    private int Fitting(List<Record> records, int from)
    {
        var count = 0;
        long bytes = 0;
        while (from + count < records.Count && count < limits.RecordsPerPut)
        {
            bytes += SizeOf(records[from + count]);
            if (count > 0 && bytes > limits.PutBytes) break;
            count++;
        }

        return count;
    }

    /// <summary>How many were not taken within all tries.</summary>
    private async Task<int> PutSomeAsync(string stream, string hashKey, List<Record> records, CancellationToken cancel)
    {
        var pause = limits.FirstPause;
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var answer = await client.SendAsync("PutRecords", Body(stream, hashKey, records), cancel);
                records = Refused(records, answer.Written);
                if (records.Count == 0) return 0;
            }
            catch (KinesisException fault) when (fault.Code == KinesisErrors.Throughput)
            {
                return records.Count;
            }

            if (tries == limits.Attempts) return records.Count;
            await Task.Delay(pause, time, cancel);
            pause = pause * 2 < limits.LongestPause ? pause * 2 : limits.LongestPause;
        }
    }

    private static List<Record> Refused(List<Record> records, ReadOnlyMemory<byte> answer)
    {
        using var json = JsonDocument.Parse(answer);
        var results = json.RootElement.GetProperty("Records");
        if (results.GetArrayLength() != records.Count) throw new KinesisException("PutRecords", "an answer", $"{results.GetArrayLength()} results for {records.Count} records.");
        return [.. results.EnumerateArray().Zip(records).Where(pair => IsRefused(pair.First)).Select(pair => pair.Second)];
    }

    private static bool IsRefused(JsonElement result) => result.TryGetProperty("ErrorCode", out var code) && code.ValueKind == JsonValueKind.String;

    private static ReadOnlyMemory<byte> Body(string stream, string hashKey, List<Record> records) => KinesisRequest.Body(json =>
    {
        json.WriteString("StreamName"u8, stream);
        json.WriteStartArray("Records"u8);
        foreach (var record in records)
        {
            json.WriteStartObject();
            json.WriteBase64String("Data"u8, record.Data.Span);
            json.WriteString("PartitionKey"u8, record.Key);
            json.WriteString("ExplicitHashKey"u8, hashKey);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
