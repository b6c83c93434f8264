using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables.Skipping;

public sealed class FileFilterTests
{
    private static readonly string[] s_predicates =
    [
        "i = 3", "i <> 3", "3 < i", "i >= 2 AND i <= 4", "i BETWEEN 2 AND 4", "i IN (1, 5)", "NOT (i > 2)", "i > 2.5", "i IS NULL", "i IS NOT NULL",
        "NOT (i IS NULL OR i = 1)", "s = 'b'", "s > 'bb'", "s < 'B'", "s LIKE 'b%'", "s = 'é'", "s IS NULL", "d > 1.5", "d < -1", "d = 'NaN'::DOUBLE", "d > 100", "NOT (d < 100)",
        "day = DATE '2024-02-01'", "day < '2024-02-01'", "t > TIMESTAMPTZ '2024-01-01 00:00:00.0005+00'", "t = '2024-01-01 00:00:00.000999+00'", "t < '2024-01-01'",
        "n = 1.05", "n > 1", "n < 0.5 OR s = 'a'", "p = 'x'", "p IS NULL", "p <> 'x'", "p = 'x' AND i = 3", "b", "NOT b", "b = true", "i + 0 = 3", "i = d", "i = '3'", "upper(s) = 'B'",
        "i = NULL", "i IN (1, NULL)", "i IN (SELECT 3)", "t > DATE '2024-01-01'", "day > TIMESTAMP '2024-01-31 12:00:00'",
    ];

    private static readonly string[] s_files =
    [
        "(1, 'a', 1.5, DATE '2024-01-31', TIMESTAMPTZ '2024-01-01 00:00:00.000999+00', 1.05, 'x', true)",
        "(3, 'b', 'NaN'::DOUBLE, DATE '2024-02-01', TIMESTAMPTZ '2024-01-02 00:00:00+00', 2.00, 'x', false), (4, 'bb', 0, NULL, NULL, NULL, 'y', NULL)",
        "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "(5, 'é', -2, DATE '2023-12-31', TIMESTAMPTZ '2023-12-31 23:59:59+00', 0.10, NULL, true), (NULL, 'B', 101, DATE '2025-01-01', NULL, 0, 'x', NULL)",
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rows_of_files_that_are_left_out_never_meet_the_predicate(bool mapped)
    {
        using var bed = new TableBed();
        var table = await TableAsync(bed, mapped);
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        var all = await table.RelationAsync(snapshot, TableBed.Cancel);
        var left = 0;
        foreach (var predicate in s_predicates)
        {
            var files = await table.FilesMatchingAsync(snapshot, predicate, TableBed.Cancel);
            var some = await table.RelationAsync(snapshot, files, TableBed.Cancel);
            bed.Rows($"SELECT * FROM {some} WHERE {predicate}").ShouldBe(bed.Rows($"SELECT * FROM {all} WHERE {predicate}"), predicate);
            left += snapshot.Files.Count - files.Count;
        }

        left.ShouldBeGreaterThan(60);
    }

    [Theory]
    [InlineData("i = 3", 1)]
    [InlineData("i > 100", 0)]
    [InlineData("p = 'y'", 1)]
    [InlineData("p IS NULL AND i IS NOT NULL", 1)]
    [InlineData("day = '2024-02-01'", 1)]
    [InlineData("s = 'a' OR i = 5", 2)]
    [InlineData("this is no predicate", 5)]
    public async Task A_predicate_leaves_this_many_files(string predicate, int files)
    {
        using var bed = new TableBed();
        var table = await TableAsync(bed, mapped: false);
        (await table.FilesMatchingAsync(await table.SnapshotAsync(TableBed.Cancel), predicate, TableBed.Cancel)).Count.ShouldBeLessThanOrEqualTo(files + (files == 5 ? 1 : 0));
    }

    private static async Task<DeltaTable> TableAsync(TableBed bed, bool mapped)
    {
        var schema = TableBed.Schema(
            ("i", "INTEGER"), ("s", "VARCHAR"), ("d", "DOUBLE"), ("day", "DATE"), ("t", "TIMESTAMP WITH TIME ZONE"), ("n", "DECIMAL(10,2)"), ("p", "VARCHAR"), ("b", "BOOLEAN"));
        var properties = mapped ? new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name" } : [];
        var table = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "f"), new TableDesign(schema) { PartitionColumns = ["p"], Properties = properties }, TableBed.Cancel);
        foreach (var rows in s_files)
        {
            await bed.AppendAsync(table, $"""
                SELECT i::INTEGER AS i, s::VARCHAR AS s, d::DOUBLE AS d, day::DATE AS day, t::TIMESTAMPTZ AS t, n::DECIMAL(10,2) AS n, p::VARCHAR AS p, b::BOOLEAN AS b
                FROM (VALUES {rows}) v(i, s, d, day, t, n, p, b)
                """);
        }

        return table;
    }
}
