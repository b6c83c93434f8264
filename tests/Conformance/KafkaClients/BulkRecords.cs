using System.Security.Cryptography;
using System.Text;
using Sluice.Log;

namespace Sluice.Conformance.KafkaClients;

/// <summary>How many values went one way, and the SHA-256 over them, a newline after each.</summary>
internal sealed record BulkSum(int Count, string Sha256);

/// <summary>The records of the bulk runs, each of 100 bytes and another; the scripts of the clients make the same.</summary>
internal static class BulkRecords
{
    /// <summary>A full run sets SLUICE_TEST_CLIENT_RECORDS to 1000000.</summary>
    public static int Count { get; } = int.TryParse(Environment.GetEnvironmentVariable("SLUICE_TEST_CLIENT_RECORDS"), out var count) ? count : 50_000;

    public static BulkSum Sum { get; } = SumOf(Enumerable.Range(0, Count).Select(i => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(Text(i))));

    public static string Text(int i) => $"record {i:D8} {new string((char)('a' + (i % 26)), 84)}";

    public static BulkSum SumOf(IEnumerable<ReadOnlyMemory<byte>> values)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var count = 0;
        foreach (var value in values)
        {
            hash.AppendData(value.Span);
            hash.AppendData("\n"u8);
            count++;
        }

        return new BulkSum(count, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Puts all records into a topic's one partition without any client.</summary>
    public static async Task FillAsync(ILog log, string topic)
    {
        const int PerBatch = 1_000;
        var builder = new RecordBatchBuilder();
        var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        for (var from = 0; from < Count; from += PerBatch)
        {
            builder.Reset();
            for (var i = from; i < Math.Min(Count, from + PerBatch); i++) builder.Append(nowMs, RecordBytes.Null, RecordBytes.Of(Encoding.ASCII.GetBytes(Text(i))));
            (await log.AppendAsync(new TopicPartition(topic, 0), builder.Build(), default)).Error.ShouldBe(AppendError.None);
        }
    }

    /// <summary>What a topic's one partition holds, read without any client.</summary>
    public static async Task<BulkSum> StoredAsync(ILog log, string topic)
    {
        var values = new List<ReadOnlyMemory<byte>>();
        for (long next = 0; ;)
        {
            var read = await log.ReadAsync(new TopicPartition(topic, 0), next, 1 << 20, default);
            if (read.Bytes.IsEmpty) return SumOf(values);
            var records = new RecordReader(read.Bytes.Span, next);
            while (records.MoveNext()) values.Add(records.Value.Span.ToArray());
            next = records.NextOffset;
        }
    }
}
