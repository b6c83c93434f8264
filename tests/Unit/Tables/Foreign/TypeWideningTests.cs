using Shouldly;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables.Foreign;

/// <summary>Files that are older than the type of a column: each change that the protocol allows.</summary>
public sealed class TypeWideningTests
{
    public static TheoryData<string, string, string, string, string, string> Changes => new()
    {
        { "byte", "TINYINT '-7'", "short", "SMALLINT '300'", "-7", "300" },
        { "byte", "TINYINT '-7'", "integer", "70000::INTEGER", "-7", "70000" },
        { "byte", "TINYINT '-7'", "long", "5000000000::BIGINT", "-7", "5000000000" },
        { "short", "SMALLINT '300'", "integer", "70000::INTEGER", "300", "70000" },
        { "short", "SMALLINT '300'", "long", "5000000000::BIGINT", "300", "5000000000" },
        { "integer", "70000::INTEGER", "long", "5000000000::BIGINT", "70000", "5000000000" },
        { "byte", "TINYINT '-7'", "double", "0.5::DOUBLE", "-7.0", "0.5" },
        { "short", "SMALLINT '300'", "double", "0.5::DOUBLE", "300.0", "0.5" },
        { "integer", "70000::INTEGER", "double", "0.5::DOUBLE", "70000.0", "0.5" },
        { "float", "0.25::FLOAT", "double", "0.5::DOUBLE", "0.25", "0.5" },
        { "date", "DATE '2024-02-29'", "timestamp_ntz", "TIMESTAMP '2024-01-02 03:04:05.000006'", "\"2024-02-29 00:00:00\"", "\"2024-01-02 03:04:05.000006\"" },
        { "decimal(5,2)", "1.25::DECIMAL(5,2)", "decimal(12,4)", "12345678.1234::DECIMAL(12,4)", "1.25", "12345678.1234" },
        { "byte", "TINYINT '-7'", "decimal(12,2)", "0.25::DECIMAL(12,2)", "-7.0", "0.25" },
        { "short", "SMALLINT '300'", "decimal(12,2)", "0.25::DECIMAL(12,2)", "300.0", "0.25" },
        { "integer", "70000::INTEGER", "decimal(12,2)", "0.25::DECIMAL(12,2)", "70000.0", "0.25" },
        { "long", "5000000000::BIGINT", "decimal(22,2)", "0.25::DECIMAL(22,2)", "5000000000.00", "0.25" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Files_from_before_a_change_of_type_are_read_in_the_type_that_the_column_has(
        string from, string old, string to, string now, string oldText, string nowText)
    {
        using var bed = new TableBed();
        var foreign = await WriteAsync(bed, from, old, to, now);
        var table = await foreign.OpenAsync();
        var relation = await table.RelationAsync(await table.SnapshotAsync(TableBed.Cancel), TableBed.Cancel);
        bed.Rows($"SELECT a FROM {relation}").ShouldBe(new[] { oldText, nowText }.Select(text => $$"""{"a":{{text}}}""").Order(StringComparer.Ordinal), ignoreOrder: true);
        bed.Rows($"SELECT s.x AS a, l[1] AS b, m['k'] AS c FROM {relation}")
            .ShouldBe(new[] { oldText, nowText }.Select(text => $$"""{"a":{{text}},"b":{{text}},"c":{{text}}}"""), ignoreOrder: true);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task The_statistics_of_an_older_file_hide_no_row_of_it(string from, string old, string to, string now, string oldText, string nowText)
    {
        using var bed = new TableBed();
        var foreign = await WriteAsync(bed, from, old, to, now);
        var table = await foreign.OpenAsync();
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        foreach (var (value, text) in new[] { (old, oldText), (now, nowText) })
        {
            var files = await table.FilesMatchingAsync(snapshot, $"a = {value}", TableBed.Cancel);
            bed.Rows($"SELECT a FROM {await table.RelationAsync(snapshot, files, TableBed.Cancel)} WHERE a = {value}").ShouldBe([$$"""{"a":{{text}}}"""]);
        }
    }

    [Fact]
    public async Task The_text_of_a_float_in_statistics_is_no_bound_of_the_double_that_it_became()
    {
        using var bed = new TableBed();
        var foreign = await WriteAsync(bed, "float", "0.1::FLOAT", "double", "0.5::DOUBLE", "0.1");
        var table = await foreign.OpenAsync();
        // As a double it is 0.10000000149..., which is above the text.
        (await table.FilesMatchingAsync(await table.SnapshotAsync(TableBed.Cancel), "a = 0.1::FLOAT::DOUBLE", TableBed.Cancel)).Count.ShouldBe(2);
        (await table.FilesMatchingAsync(await table.SnapshotAsync(TableBed.Cancel), "a BETWEEN 0.10000000001 AND 0.2", TableBed.Cancel)).Count.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("string", "integer")]
    [InlineData("long", "integer")]
    [InlineData("integer", "decimal(9,0)")]
    [InlineData("long", "double")]
    public async Task A_change_that_the_protocol_does_not_allow_is_named(string from, string to)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol("typeWidening"), ForeignTable.Metadata(ForeignTable.Field("a", to, Changed(from, to))));
        var table = await foreign.OpenAsync();
        var refused = await Should.ThrowAsync<TableUnsupportedException>(async () => await table.SnapshotAsync(TableBed.Cancel));
        refused.Message.ShouldContain($"column 'a' was {from} and became {to}");
    }

    private static async Task<ForeignTable> WriteAsync(TableBed bed, string from, string old, string to, string now, string? stat = null)
    {
        var foreign = new ForeignTable(bed);
        var fields = string.Join(
            ',', ForeignTable.Field("a", to, Changed(from, to)),
            ForeignTable.Field("s", $$"""{"type":"struct","fields":[{{ForeignTable.Field("x", to, Changed(from, to))}}]}"""),
            ForeignTable.Field("l", $$"""{"type":"array","elementType":"{{to}}","containsNull":true}""", Changed(from, to, "element")),
            ForeignTable.Field("m", $$"""{"type":"map","keyType":"string","valueType":"{{to}}","valueContainsNull":true}""", Changed(from, to, "value")));
        string[] features = to == "timestamp_ntz" ? ["typeWidening", "timestampNtz"] : ["typeWidening"];
        foreign.Commit(0, ForeignTable.Protocol(features), ForeignTable.Metadata(fields));
        foreign.Commit(1, await foreign.AddAsync(Select(old), more: await StatsAsync(bed, old, stat)));
        foreign.Commit(2, await foreign.AddAsync(Select(now), more: await StatsAsync(bed, now, null)));
        return foreign;
    }

    private static string Select(string value) => $"SELECT {value} AS a, {{x: {value}}} AS s, [{value}] AS l, MAP {{'k': {value}}} AS m";

    private static async Task<string> StatsAsync(TableBed bed, string value, string? text)
    {
        text ??= (await bed.Connection.ReadAsync($"SELECT to_json({value})::VARCHAR", row => row.GetString(0), TableBed.Cancel))[0];
        return ForeignTable.Stats($$$"""{"numRecords":1,"minValues":{"a":{{{text}}}},"maxValues":{"a":{{{text}}}},"nullCount":{"a":0}}""");
    }

    private static string Changed(string from, string to, string? path = null) =>
        $$""" "delta.typeChanges":[{"fromType":"{{from}}","toType":"{{to}}"{{(path is null ? "" : $",\"fieldPath\":\"{path}\"")}}}] """;
}
