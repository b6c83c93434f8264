using Shouldly;
using Sluice.Analysis;
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
}
