using Shouldly;
using Sluice.Analysis;
using Sluice.Objects;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables.Skipping;

/// <summary>What a query need not read is gone from the disk: a query that opens it fails.</summary>
public sealed class QuerySkippingTests
{
    [Theory]
    [InlineData("SELECT count(*) FROM t.a WHERE k = 1", 1)]
    [InlineData("SELECT count(*) FROM t.a AS x WHERE x.k < 2 AND x.v = 'v'", 1)]
    [InlineData("SELECT count(*) FROM t.a x JOIN t.b y ON x.k = y.k WHERE x.k = 1", 1)]
    [InlineData("WITH w AS (SELECT * FROM t.a WHERE k IN (1, 7)) SELECT count(*) FROM w", 1)]
    [InlineData("SELECT count(*) FROM t.a", null)]
    [InlineData("SELECT count(*) FROM t.b y LEFT JOIN t.a x ON x.k = y.k WHERE x.k = 1", null)]
    [InlineData("SELECT (SELECT max(k) FROM t.a) FROM t.a WHERE k = 1", null)]
    [InlineData("SELECT count(*) FROM t.a x JOIN t.b y ON x.k = y.k WHERE v = 'v'", null)]
    public async Task A_query_opens_only_the_files_that_its_conditions_need(string sql, int? rows)
    {
        using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("k", "INTEGER"), ("v", "VARCHAR"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS k, 'v' AS v");
        await bed.AppendAsync(await bed.CreateAsync("b", ("k", "INTEGER")), "SELECT 1::INTEGER AS k");
        var kept = Directory.GetFiles(bed.TableDirectory(table), "*.parquet").ToHashSet();
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS k, 'v' AS v");
        foreach (var file in Directory.GetFiles(bed.TableDirectory(table), "*.parquet").Where(f => !kept.Contains(f))) File.Delete(file);
        var query = new TableQuery(bed.Catalog, new DuckDbOptions(null, 256L << 20, 1));
        if (rows is null)
        {
            await Should.ThrowAsync<TableFormatException>(() => query.RunAsync(sql, TableBed.Cancel));
            return;
        }

        using var result = await query.RunAsync(sql, TableBed.Cancel);
        await foreach (var row in result.ReadAsync(TableBed.Cancel)) Convert.ToInt32(row[0], null).ShouldBe(rows.Value);
    }

    [Theory]
    [InlineData("SELECT count(*) FROM t.a WHERE k = 4711", 1, 1)]
    [InlineData("SELECT count(*) FROM t.a VERSION AS OF 1 x WHERE x.k = 4711", 1, 1)]
    [InlineData("SELECT count(*) FROM t.a WHERE k BETWEEN 100 AND 104 OR k = 9999", 6, 6)]
    [InlineData("SELECT count(*) FROM t.a WHERE k < 3 AND v IS NULL", 0, 0)]
    [InlineData("SELECT count(*) FROM t.a WHERE k > 20000", 0, 0)]
    public async Task Of_ten_thousand_files_a_selective_query_asks_the_store_for_those_alone_that_it_needs(string sql, int files, int rows)
    {
        const int Files = 10_000;
        var asked = new List<ObjectKey>();
        using var bed = new TableBed(wrap: store => new AskedStore(store, asked));
        var table = await bed.CreateAsync("a", ("k", "INTEGER"), ("v", "VARCHAR"));
        // One file of one row stands for all of them; each has a name and statistics of its own.
        var one = (await table.WriteFilesAsync(bed.Connection, "SELECT 1::INTEGER AS k, 'v' AS v", TableBed.Cancel)).Single();
        var adds = Enumerable.Range(0, Files).Select(k => one with
        {
            Path = $"{k}.parquet",
            Stats = $$$"""{"numRecords":1,"minValues":{"k":{{{k}}},"v":"v"},"maxValues":{"k":{{{k}}},"v":"v"},"nullCount":{"k":0,"v":0}}""",
        }).ToList();
        await table.CommitAsync(await table.SnapshotAsync(TableBed.Cancel), TableBed.Append(adds), TableBed.Cancel);
        foreach (var k in Enumerable.Range(100, 5).Append(4711).Append(9999))
        {
            var select = $"COPY (SELECT {k}::INTEGER AS k, 'v' AS v) TO '{bed.TableDirectory(table)}/{k}.parquet'";
            await bed.Connection.ExecuteAsync(select, TableBed.Cancel);
        }

        asked.Clear();
        using var result = await new TableQuery(bed.Catalog, new DuckDbOptions(null, 256L << 20, 1)).RunAsync(sql, TableBed.Cancel);
        await foreach (var row in result.ReadAsync(TableBed.Cancel)) Convert.ToInt32(row[0], null).ShouldBe(rows);
        asked.Distinct().Count().ShouldBe(files);
    }

    /// <summary>Notes which data files are asked for.</summary>
    private sealed class AskedStore(IObjectStore inner, List<ObjectKey> asked) : ForwardingObjectStore(inner)
    {
        public override ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel)
        {
            asked.Add(key);
            return base.GetFileAsync(key, cancel);
        }
    }
}
