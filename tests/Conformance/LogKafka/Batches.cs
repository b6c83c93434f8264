using System.Globalization;
using System.Text;
using Sluice.Log;

namespace Sluice.Conformance.LogKafka;

internal sealed record ReadRecord(long Offset, string? Key, string? Value, long TimestampMs, string Headers);

/// <summary>Batches to append, and what is read back as records.</summary>
internal static class Batches
{
    /// <summary>Records whose value is the prefix and a number, a millisecond apart.</summary>
    public static ReadOnlyMemory<byte> Of(int first, int count, string prefix = "")
    {
        var builder = new RecordBatchBuilder();
        for (var n = first; n < first + count; n++)
        {
            builder.Append(
                1_700_000_000_000 + n, RecordBytes.Of(Encoding.UTF8.GetBytes($"key of {prefix}{n}")), RecordBytes.Of(Encoding.UTF8.GetBytes($"{prefix}{n}")));
        }

        return builder.Build().ToArray();
    }

    /// <summary>One record of so many bytes.</summary>
    public static ReadOnlyMemory<byte> OfSize(int bytes)
    {
        var builder = new RecordBatchBuilder();
        builder.Append(0, RecordBytes.Null, RecordBytes.Of(new byte[bytes]));
        return builder.Build().ToArray();
    }

    public static List<ReadRecord> Read(ReadOnlySpan<byte> batches, long from) => Read(batches, from, out _);

    public static List<ReadRecord> Read(ReadOnlySpan<byte> batches, long from, out long next)
    {
        var found = new List<ReadRecord>();
        var records = new RecordReader(batches, from);
        while (records.MoveNext())
        {
            var headers = records.ReadHeaders().Select(h => $"{h.Name}={(h.Value is null ? "null" : Convert.ToHexString(h.Value))}");
            found.Add(new ReadRecord(
                records.Offset,
                records.Key.IsNull ? null : Encoding.UTF8.GetString(records.Key.Span),
                records.Value.IsNull ? null : Encoding.UTF8.GetString(records.Value.Span),
                records.TimestampMs,
                string.Join(' ', headers)));
        }

        next = records.NextOffset;
        return found;
    }

    /// <summary>The records from an offset to the end as it is at the call.</summary>
    public static async Task<List<ReadRecord>> ReadAllAsync(this ILog log, TopicPartition partition, long offset, int bytesMax = 1 << 20)
    {
        var found = new List<ReadRecord>();
        var end = (await log.OffsetsAsync(partition, default)).End;
        while (offset < end)
        {
            var read = await log.ReadAsync(partition, offset, bytesMax, default);
            read.Bytes.IsEmpty.ShouldBeFalse(string.Create(CultureInfo.InvariantCulture, $"{partition} at {offset} of {end}"));
            found.AddRange(Read(read.Bytes.Span, offset, out offset));
        }

        return found;
    }

    public static ValueTask<TopicDescription> MakeTopicAsync(this ILog log, string name, int partitions = 1) =>
        log.CreateTopicAsync(new TopicSpec(name, partitions, new Dictionary<string, string>()), default);
}
