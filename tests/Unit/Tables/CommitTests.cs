using System.Text;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Sluice.Objects;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class CommitTests
{
    [Fact]
    public async Task A_simple_append_has_exactly_these_bytes()
    {
        var ids = 0;
        await using var bed = new TableBed(
            new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000)),
            options: o => o with { NewId = () => new Guid(ids++, 0, 0, new byte[8]) });
        var table = await bed.CreateAsync("a", ("id", "BIGINT"), ("name", "VARCHAR"));
        await bed.AppendAsync(table, "SELECT 1::BIGINT AS id, 'x' AS name", new SetTransaction("raw-0", 42));
        var size = (await table.SnapshotAsync(TableBed.Cancel)).Files.Single().Size;
        bed.LogText(table, "00000000000000000000.json").ShouldBe("""
            {"commitInfo":{"timestamp":1700000000000,"operation":"CREATE TABLE","operationParameters":{"isManaged":"false","partitionBy":"[]","properties":"{}"},"isolationLevel":"WriteSerializable","isBlindAppend":true,"operationMetrics":{},"engineInfo":"Sluice/0.1.0","txnId":"00000001-0000-0000-0000-000000000000"}}
            {"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
            {"metaData":{"id":"00000000-0000-0000-0000-000000000000","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"name\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{},"createdTime":1700000000000}}

            """);
        bed.LogText(table, "00000000000000000001.json").ShouldBe($$$"""
            {"commitInfo":{"timestamp":1700000000000,"operation":"WRITE","operationParameters":{"mode":"Append"},"readVersion":0,"isolationLevel":"WriteSerializable","isBlindAppend":true,"operationMetrics":{"numFiles":"1","numOutputRows":"1","numOutputBytes":"{{{size}}}"},"engineInfo":"Sluice/0.1.0","txnId":"00000004-0000-0000-0000-000000000000"}}
            {"txn":{"appId":"raw-0","version":42,"lastUpdated":1700000000000}}
            {"add":{"path":"part-00000-00000003-0000-0000-0000-000000000000-c000.zstd.parquet","partitionValues":{},"size":{{{size}}},"modificationTime":1700000000000,"dataChange":true,"stats":"{\"numRecords\":1,\"minValues\":{\"id\":1,\"name\":\"x\"},\"maxValues\":{\"id\":1,\"name\":\"x\"},\"nullCount\":{\"id\":0,\"name\":0}}"}}

            """);
    }

    [Fact]
    public async Task History_says_what_each_commit_did_newest_first()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("id", "BIGINT"));
        await bed.AppendAsync(table, "SELECT i AS id FROM range(3) r(i)");
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        await table.CommitAsync(basis, TableBed.Overwrite([]), TableBed.Cancel);
        var history = await table.HistoryAsync(TableBed.Cancel);
        history.Select(c => (c.Version, c.Operation)).ShouldBe([(2, "WRITE"), (1, "WRITE"), (0, "CREATE TABLE")]);
        history[1].Metrics["numOutputRows"].ShouldBe("3");
        history[0].Metrics["numRemovedFiles"].ShouldBe("1");
        history[0].Parameters["mode"].ShouldBe("Overwrite");
        bed.LogText(table, "00000000000000000002.json").ShouldContain("\"isBlindAppend\":false");
    }

    [Fact]
    public async Task An_append_that_looked_at_the_rows_does_not_call_itself_blind()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("id", "BIGINT"));
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        var adds = await table.WriteFilesAsync(bed.Connection, "SELECT 1::BIGINT AS id", TableBed.Cancel);
        await table.CommitAsync(basis, TableBed.Append(adds) with { ReadsTable = true }, TableBed.Cancel);
        bed.LogText(table, "00000000000000000001.json").ShouldContain("\"isBlindAppend\":false");
        var late = await table.CommitAsync(basis, TableBed.Append([]) with { ReadsTable = true }, TableBed.Cancel);
        late.Outcome.ShouldBe(CommitOutcome.AppendConflict);
    }

    [Fact]
    public async Task Two_overwrites_of_one_basis_cannot_both_win()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("id", "BIGINT"));
        await bed.AppendAsync(table, "SELECT 1::BIGINT AS id");
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        (await table.CommitAsync(basis, TableBed.Overwrite([]), TableBed.Cancel)).Outcome.ShouldBe(CommitOutcome.Committed);
        (await table.CommitAsync(basis, TableBed.Overwrite([]), TableBed.Cancel)).Outcome.ShouldBe(CommitOutcome.DeleteConflict);
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_found_by_its_id_and_made_once()
    {
        LostAnswers? faults = null;
        await using var bed = new TableBed(wrap: store => faults = new LostAnswers(store));
        var table = await bed.CreateAsync("a", ("id", "BIGINT"));
        faults!.LoseNext = true;
        (await bed.AppendAsync(table, "SELECT 1::BIGINT AS id")).ShouldBe(new CommitResult(CommitOutcome.Committed, 1, null));
        faults.RepeatNext = true;
        (await bed.AppendAsync(table, "SELECT 2::BIGINT AS id")).ShouldBe(new CommitResult(CommitOutcome.Committed, 2, null));
        (await table.SnapshotAsync(TableBed.Cancel)).RowCount.ShouldBe(2);
        (await table.HistoryAsync(TableBed.Cancel)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Catalogs_list_tables_in_order_and_ignore_what_is_none()
    {
        await using var bed = new TableBed();
        await bed.CreateAsync("b", ("id", "BIGINT"));
        await bed.CreateAsync("a", ("id", "BIGINT"));
        await bed.CreateAsync("a-x", ("id", "BIGINT"));
        await bed.Catalog.OpenOrCreateAsync(new TableName("s", "z"), TableBed.Schema(("id", "BIGINT")), TableBed.Cancel);
        await bed.Store.PutAsync(new ObjectKey("t/other/file.txt"), Encoding.UTF8.GetBytes("x"), TableBed.Cancel);
        await bed.Store.PutAsync(new ObjectKey("readme"), Encoding.UTF8.GetBytes("x"), TableBed.Cancel);
        (await bed.Catalog.ListAsync(TableBed.Cancel)).Select(n => n.ToString()).ShouldBe(["s.z", "t.a", "t.a-x", "t.b"]);
        (await bed.Catalog.OpenAsync(new TableName("t", "none"), TableBed.Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task Many_rows_become_several_files_below_the_bound_and_none_is_left_in_scratch()
    {
        await using var bed = new TableBed(options: o => o with { RowGroupRows = 2048, DataFileBytesMax = 50_000 });
        var table = await bed.CreateAsync("a", ("id", "BIGINT"), ("h", "VARCHAR"));
        await bed.AppendAsync(table, "SELECT i AS id, md5(i::VARCHAR) AS h FROM range(20000) r(i)");
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        snapshot.Files.Count.ShouldBeGreaterThan(3);
        snapshot.Files.ShouldAllBe(f => f.Size < 200_000);
        snapshot.Files.Select(f => f.Path).Distinct().Count().ShouldBe(snapshot.Files.Count);
        snapshot.RowCount.ShouldBe(20000);
        bed.Rows($"SELECT count(*) c, count(DISTINCT id) d, sum(id) s FROM {await table.RelationAsync(snapshot, TableBed.Cancel)}").ShouldBe(["""{"c":20000,"d":20000,"s":199990000}"""]);
        Directory.EnumerateFileSystemEntries(Path.Combine(bed.Root, "scratch")).ShouldBeEmpty();
        (await table.WriteFilesAsync(bed.Connection, "SELECT 1::BIGINT AS id, 'x' AS h WHERE false", TableBed.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Bare_DuckDB_reads_the_written_files_as_they_are()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("it's", ("id", "INTEGER"), ("at", "TIMESTAMPTZ"), ("st", "STRUCT(a DECIMAL(10,2), l VARCHAR[])"), ("m", "MAP(VARCHAR, DOUBLE)"));
        const string Select = "SELECT i::INTEGER AS id, TIMESTAMPTZ '2024-01-01 00:00:00.000001+00' + to_days(i::INTEGER) AS at, "
            + "CASE WHEN i % 3 > 0 THEN {'a': (i / 4)::DECIMAL(10,2), 'l': ['x', NULL]} END AS st, MAP {'k': i / 7} AS m FROM range(100) r(i)";
        await bed.AppendAsync(table, Select);
        var files = Path.Combine(bed.TableDirectory(table), "*.parquet").Replace("'", "''", StringComparison.Ordinal);
        bed.Rows($"SELECT * FROM read_parquet('{files}')").ShouldBe(bed.Rows(Select));
        (await bed.RowsAsync(table)).ShouldBe(bed.Rows(Select));
    }

    /// <summary>A store whose put-if-absent takes place and then fails, or is repeated below as an SDK does.</summary>
    private sealed class LostAnswers(IObjectStore inner) : ForwardingObjectStore(inner)
    {
        public bool LoseNext { get; set; }

        public bool RepeatNext { get; set; }

        public override async ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            var put = await base.PutIfAbsentAsync(key, content, cancel);
            if (RepeatNext)
            {
                RepeatNext = false;
                return await base.PutIfAbsentAsync(key, content, cancel);
            }

            if (!LoseNext) return put;
            LoseNext = false;
            throw new IOException("The answer was lost.");
        }
    }
}
