using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Cleaning.Streaming;
using Sluice.Log;
using Sluice.Sql;
using Sluice.Testing;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning.Stream;

public sealed class RawStreamTests
{
    private const string Columns =
        "SELECT partitionKey, decode(data), stream, shardId, sequenceNumber, CAST(approximateArrivalTimestamp AS VARCHAR) FROM raw_stream('streaming-test-reading')";

    [Fact]
    public async Task Records_of_all_shards_are_rows_with_the_columns_of_a_kinesis_source()
    {
        using var bed = new StreamBed(shards: 2);
        await bed.PutAsync(0, "one", "two");
        await bed.PutAsync(1, "three");
        (await RowsAsync(bed.Log, Columns)).ShouldBe(
        [
            "key|one|streaming-test-reading|shardId-000000000000|null|2024-02-03 04:05:06+00",
            "key|two|streaming-test-reading|shardId-000000000000|null|2024-02-03 04:05:06+00",
            "key|three|streaming-test-reading|shardId-000000000001|null|2024-02-03 04:05:06+00",
        ]);
        (await RowsAsync(bed.Log, "SELECT count(*) FROM raw_stream('nothing')")).ShouldBe(["0"]);
    }

    [Fact]
    public async Task Sequence_numbers_are_those_of_the_log()
    {
        using var folder = new TemporaryFolder();
        await using var log = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = folder.At("log"), Durability = Durability.None }, OsFileSystem.Instance, TimeProvider.System,
            NullLogger<EmbeddedLog>.Instance);
        var stream = await log.CreateStreamAsync(new StreamSpec(StreamBed.Stream, 1, new StreamAttributes()), CleaningBed.Cancel);
        var builder = new RecordBatchBuilder();
        for (var i = 0; i < 5000; i++)
        {
            builder.Reset();
            builder.Append(0, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes($"{i}")));
            await log.AppendAsync(StreamBed.Shard(0), builder.Build(), CleaningBed.Cancel);
        }

        (await RowsAsync(log, $"SELECT sequenceNumber FROM raw_stream('{StreamBed.Stream}') WHERE decode(data) IN ('0', '4999') ORDER BY 1"))
            .ShouldBe([stream.Shards[0].SequenceNumberOf(0).ToString(), stream.Shards[0].SequenceNumberOf(4999).ToString()]);
    }

    private static async Task<IReadOnlyList<string>> RowsAsync(ILog log, string sql)
    {
        using var duckDb = DuckDb.Open(new DuckDbOptions(null, 128L << 20, 1));
        using var connection = duckDb.Connect();
        RawStream.Register(connection, log);
        return await connection.ReadAsync(
            sql,
            row => string.Join('|', Enumerable.Range(0, row.FieldCount).Select(i => row.IsDBNull(i) ? "null" : row.GetValue(i).ToString())),
            CleaningBed.Cancel);
    }
}
