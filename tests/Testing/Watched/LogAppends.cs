using Sluice.Log;

namespace Sluice.Testing.Watched;

/// <summary>Appends to a log in the words of a test.</summary>
public static class LogAppends
{
    private const int AttributesAt = 21;
    private const byte ControlBit = 0x20;

    /// <summary>Appends one batch of records; a null value is a tombstone.</summary>
    public static async Task<long> AppendAsync(this ILog log, TopicPartition partition, params IEnumerable<(long TimestampMs, byte[]? Value)> records)
    {
        var builder = new RecordBatchBuilder();
        builder.Reset();
        foreach (var (timestamp, value) in records) builder.Append(timestamp, RecordBytes.Null, value is null ? RecordBytes.Null : RecordBytes.Of(value));
        return await AppendBatchAsync(log, partition, builder.Build());
    }

    /// <summary>Appends a control batch, which takes an offset and holds no record. Its CRC does not match: only a lenient log takes it.</summary>
    public static async Task AppendControlAsync(this ILog log, TopicPartition partition)
    {
        var builder = new RecordBatchBuilder();
        builder.Reset();
        builder.Append(0, RecordBytes.Null, RecordBytes.Of("commit"u8));
        var batch = builder.Build().ToArray();
        batch[AttributesAt + 1] |= ControlBit;
        await AppendBatchAsync(log, partition, batch);
    }

    private static async Task<long> AppendBatchAsync(ILog log, TopicPartition partition, ReadOnlyMemory<byte> batch)
    {
        var result = await log.AppendAsync(partition, batch, CancellationToken.None);
        return result.Error == AppendError.None ? result.BaseOffset : throw new InvalidOperationException($"Append to {partition}: {result.Error}.");
    }
}
