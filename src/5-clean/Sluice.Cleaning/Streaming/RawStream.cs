using System.Diagnostics.CodeAnalysis;
using System.Text;
using DuckDB.NET.Data;
using DuckDB.NET.Data.DataChunk.Writer;
using Sluice.Log;
using Sluice.Sql;

namespace Sluice.Cleaning.Streaming;

/// <summary>
/// The table function <c>raw_stream('name')</c>: the records of a stream as they were put, with the columns of Databricks' Kinesis source,
/// for anyone who writes SQL of their own.
/// </summary>
/// <remarks>
/// <para>partitionKey VARCHAR; data BLOB (the bytes; <c>decode(data)</c> is their text); stream VARCHAR; shardId VARCHAR; sequenceNumber
/// VARCHAR, null where the log is not the embedded one; approximateArrivalTimestamp TIMESTAMP WITH TIME ZONE.</para>
/// <para>Shard after shard, parents before children, each in the order of its sequence numbers, up to the ends at the moment of the
/// query. https://docs.databricks.com/en/connect/streaming/kinesis.html</para>
/// </remarks>
public static class RawStream
{
    // DuckDB.NET writes no BLOB from a table function, so the bytes pass as text, and the macro around it makes them bytes again.
    private const string Macro = """
        CREATE OR REPLACE MACRO raw_stream(name) AS TABLE
        SELECT partitionKey, from_base64(data) AS data, stream, shardId, sequenceNumber,
          make_timestamptz(arrived_us) AS approximateArrivalTimestamp
        FROM sluice_stream(name)
        """;

    private const long MicrosecondsPerMs = 1000;

    // As much of a shard at once as the stream job reads.
    private const int ReadBytes = 1 << 20;

    private static readonly ColumnInfo[] s_columns =
    [
        new("partitionKey", typeof(string)), new("data", typeof(string)), new("stream", typeof(string)), new("shardId", typeof(string)),
        new("sequenceNumber", typeof(string)), new("arrived_us", typeof(long)),
    ];

    /// <summary>Makes the function known to the connection's DuckDB instance. The log must outlive its queries.</summary>
    public static void Register(DuckDBConnection connection, ILog log)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(log);
        connection.RegisterTableFunction<string>("sluice_stream", parameters => Read(log, parameters[0].GetValue<string>()), Write);
        connection.Execute(Macro);
    }

    private static TableFunction Read(ILog log, string stream) => new(s_columns, Records(log, stream));

    private static IEnumerable<RawStreamRecord> Records(ILog log, string stream)
    {
        var shards = (log as EmbeddedLog)?.FindStream(stream)?.Shards;
        foreach (var shard in Wait(log.PartitionsAsync(stream, CancellationToken.None)))
        {
            var partition = new TopicPartition(stream, shard.Partition);
            var (next, end) = Wait(log.OffsetsAsync(partition, CancellationToken.None));
            while (next < end)
            {
                var fetched = Wait(log.ReadAsync(partition, next, ReadBytes, CancellationToken.None));
                if (fetched.Bytes.IsEmpty) break;
                var records = Parse(fetched.Bytes.Span, stream, shard.Name, ref next);
                foreach (var (record, offset) in records)
                {
                    if (offset < end) yield return record with { SequenceNumber = shards?[shard.Partition].SequenceNumberOf(offset).ToString() };
                }
            }
        }
    }

    private static List<(RawStreamRecord Record, long Offset)> Parse(ReadOnlySpan<byte> batches, string stream, string shard, ref long next)
    {
        var parsed = new List<(RawStreamRecord, long)>();
        var records = new RecordReader(batches, next);
        while (records.MoveNext())
        {
            var key = records.Key.IsNull ? null : Encoding.UTF8.GetString(records.Key.Span);
            var data = records.Value.IsNull ? null : Convert.ToBase64String(records.Value.Span);
            parsed.Add((new RawStreamRecord(key, data, stream, shard, null, records.TimestampMs * MicrosecondsPerMs), records.Offset));
        }

        next = records.NextOffset;
        return parsed;
    }

    private static void Write(object? item, IDuckDBDataWriter[] writers, ulong row)
    {
        var record = (RawStreamRecord)item!;
        writers[0].WriteValue(record.PartitionKey, row);
        writers[1].WriteValue(record.Data, row);
        writers[2].WriteValue(record.Stream, row);
        writers[3].WriteValue(record.ShardId, row);
        writers[4].WriteValue(record.SequenceNumber, row);
        writers[5].WriteValue(record.ArrivedUs, row);
    }

    [SuppressMessage("Usage", "VSTHRD002", Justification = "DuckDB calls from a thread of its own, which has nothing to do but to wait for rows.")]
    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private sealed record RawStreamRecord(
        string? PartitionKey, string? Data, string Stream, string ShardId, string? SequenceNumber, long ArrivedUs);
}
