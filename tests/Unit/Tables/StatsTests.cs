using System.Text.Json.Nodes;
using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class StatsTests : IDisposable
{
    private readonly TableBed _bed = new();

    [Theory]
    [InlineData("short", "short", "short")]
    [InlineData("12345678901234567890123456789012", "12345678901234567890123456789012", "12345678901234567890123456789012")]
    [InlineData("12345678901234567890123456789012x", "12345678901234567890123456789012", "12345678901234567890123456789013")]
    public void A_long_text_is_cut_and_its_upper_bound_rounded_up(string text, string min, string max)
    {
        StatValue.MinPrefix(text).ShouldBe(min);
        StatValue.MaxPrefix(text).ShouldBe(max);
    }

    [Fact]
    public void A_cut_counts_code_points_and_never_splits_a_surrogate_pair()
    {
        var smiles = string.Concat(Enumerable.Repeat("\U0001F600", 40));
        StatValue.MinPrefix(smiles).ShouldBe(string.Concat(Enumerable.Repeat("\U0001F600", 32)));
        StatValue.MaxPrefix(smiles).ShouldBe(string.Concat(Enumerable.Repeat("\U0001F600", 31)) + "\U0001F601");
        StatValue.MaxPrefix(new string('\uD7FF', 33)).ShouldBe(new string('\uD7FF', 31) + '\uE000');
        StatValue.MaxPrefix(new string('a', 31) + "\U0010FFFFz").ShouldBe(new string('a', 30) + 'b');
        StatValue.MaxPrefix(string.Concat(Enumerable.Repeat("\U0010FFFF", 33))).ShouldBeNull();
    }

    [Theory]
    [InlineData("double", "1e+300", false, "1E+300")]
    [InlineData("double", "inf", true, null)]
    [InlineData("double", "nan", true, null)]
    [InlineData("double", "0.0", false, "-0.0")]
    [InlineData("double", "0.0", true, "0.0")]
    [InlineData("float", "0.1", true, "0.10000000149011612")]
    [InlineData("decimal(3,3)", ".500", true, "0.500")]
    [InlineData("decimal(3,3)", "-.500", false, "-0.500")]
    [InlineData("date", "2024-02-29", true, "\"2024-02-29\"")]
    [InlineData("date", "0044-03-15 (BC)", false, null)]
    [InlineData("date", "infinity", true, null)]
    [InlineData("timestamp", "1969-12-31 23:59:59.999999+00", false, "\"1969-12-31T23:59:59.999Z\"")]
    [InlineData("timestamp", "2024-01-02 03:04:05+05:30", false, "\"2024-01-01T21:34:05.000Z\"")]
    [InlineData("timestamp", "290000-01-01 00:00:00+00", true, null)]
    [InlineData("boolean", "1", true, null)]
    [InlineData("binary", "00FF", true, null)]
    [InlineData("string", "a\"\u0001", false, "\"a\\\"\\u0001\"")]
    public void A_bound_is_written_as_readers_of_its_type_compare_it(string type, string text, bool isMax, string? json) =>
        StatValue.Json(SchemaJson.ReadName(type), text, isMax).ShouldBe(json);

    [Fact]
    public async Task Every_type_has_the_stats_that_the_protocol_gives_it()
    {
        var table = await _bed.CreateAsync(
            "a", ("b", "BOOLEAN"), ("t", "TINYINT"), ("l", "BIGINT"), ("f", "DOUBLE"), ("d", "DECIMAL(30,2)"), ("s", "VARCHAR"), ("x", "BLOB"),
            ("day", "DATE"), ("ts", "TIMESTAMPTZ"), ("list", "INTEGER[]"), ("map", "MAP(VARCHAR, INTEGER)"), ("st", "STRUCT(a INTEGER, b STRUCT(c VARCHAR))"));
        await _bed.AppendAsync(table, """
            SELECT true AS b, 1::TINYINT AS t, 9007199254740993 AS l, 'nan'::DOUBLE AS f, 1234567890123456789012345678.90::DECIMAL(30,2) AS d, 'é' AS s,
                'x'::BLOB AS x, DATE '2024-02-29' AS day, TIMESTAMPTZ '2024-01-02 03:04:05.123999+00' AS ts, [1] AS list, MAP {'k': 1} AS map,
                {'a': 1, 'b': {'c': 'z'}} AS st
            UNION ALL SELECT NULL, 2::TINYINT, NULL, 2.5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            """);
        var file = (await table.SnapshotAsync(TableBed.Cancel)).Files.ShouldHaveSingleItem();
        file.Stats.ShouldBe("""
            {"numRecords":2,
            "minValues":{"t":1,"l":9007199254740993,"d":1234567890123456789012345678.90,"s":"é","day":"2024-02-29","ts":"2024-01-02T03:04:05.123Z","st":{"a":1,"b":{"c":"z"}}},
            "maxValues":{"t":2,"l":9007199254740993,"d":1234567890123456789012345678.90,"s":"é","day":"2024-02-29","ts":"2024-01-02T03:04:05.123Z","st":{"a":1,"b":{"c":"z"}}},
            "nullCount":{"b":1,"t":0,"l":1,"f":0,"d":1,"s":1,"x":1,"day":1,"ts":1,"st":{"a":1,"b":{"c":1}}}}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public async Task Only_the_first_32_leaf_columns_have_stats()
    {
        var columns = Enumerable.Range(0, 34).Select(i => ($"c{i}", i == 3 ? "STRUCT(a BIGINT, b BIGINT)" : "BIGINT")).ToArray();
        var table = await _bed.CreateAsync("a", columns);
        await _bed.AppendAsync(table, $"SELECT {string.Join(", ", columns.Select(c => c.Item2 == "BIGINT" ? $"1::BIGINT AS {c.Item1}" : $"{{'a': 1::BIGINT, 'b': 2::BIGINT}} AS {c.Item1}"))}");
        var stats = JsonNode.Parse((await table.SnapshotAsync(TableBed.Cancel)).Files.Single().Stats!)!;
        stats["minValues"]!.AsObject().Select(e => e.Key).ShouldBe(Enumerable.Range(0, 31).Select(i => $"c{i}"));
        stats["nullCount"]!["c3"]!.AsObject().Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_NaN_in_any_row_group_leaves_the_column_without_bounds()
    {
        // DuckDB's own report covers the last row group only.
        using var small = new TableBed(options: o => o with { RowGroupRows = 2048 });
        var table = await small.CreateAsync("a", ("f", "DOUBLE"), ("g", "DOUBLE"));
        await small.AppendAsync(table, "SELECT CASE WHEN i = 5 THEN 'nan'::DOUBLE ELSE i END AS f, i::DOUBLE AS g FROM range(10000) r(i)");
        var stats = JsonNode.Parse((await table.SnapshotAsync(TableBed.Cancel)).Files.Single().Stats!)!;
        stats["maxValues"]!.ToJsonString().ShouldBe("""{"g":9999}""");
    }

    [Fact]
    public void Stats_that_do_not_say_the_rows_give_no_count()
    {
        FileStats.RowCount(StatsText.Of("""{"minValues":{"a":1},"numRecords":7}""")).ShouldBe(7);
        FileStats.RowCount(StatsText.Of("{}")).ShouldBeNull();
        FileStats.RowCount(StatsText.Of("{oops")).ShouldBeNull();
        FileStats.RowCount(StatsText.Of(null)).ShouldBeNull();
    }

    public void Dispose() => _bed.Dispose();
}
