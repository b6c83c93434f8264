using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class EditTests
{
    [Fact]
    public async Task A_merge_that_only_inserts_is_no_blind_append()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        var all = MergeClause.AllFromSource((await table.SnapshotAsync(TableBed.Cancel)).Schema);
        var merge = new Merge("SELECT * FROM (VALUES (1::INTEGER, 'x'), (9, 'y')) v(k, v)", "target.k = source.k", [new(MergeRows.NotMatched, MergeAction.Insert, null, all)]);
        (await table.MergeAsync(bed.Connection, merge, TableBed.Cancel)).RowsInserted.ShouldBe(1);
        bed.LogText(table, "00000000000000000002.json").ShouldContain("\"isBlindAppend\":false");
        (await table.MergeAsync(bed.Connection, merge, TableBed.Cancel)).Commit.ShouldBeNull();
    }

    [Fact]
    public async Task A_row_that_matches_two_rows_of_the_source_is_refused_unless_it_is_only_deleted()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        const string Source = "SELECT 1::INTEGER AS k, 'x' AS v UNION ALL SELECT 1, 'y'";
        var update = new Merge(Source, "target.k = source.k", [new(MergeRows.Matched, MergeAction.Update, null, new Dictionary<string, string> { ["v"] = "source.v" })]);
        (await Should.ThrowAsync<TableRuleException>(() => table.MergeAsync(bed.Connection, update, TableBed.Cancel))).Message.ShouldContain("match more than one row");
        var delete = update with { Clauses = [new(MergeRows.Matched, MergeAction.Delete, null, new Dictionary<string, string>())] };
        (await table.MergeAsync(bed.Connection, delete, TableBed.Cancel)).RowsDeleted.ShouldBe(1);
    }

    [Fact]
    public async Task An_overwrite_by_predicate_refuses_rows_outside_of_it_and_an_append_only_table_any_deletion()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        await Should.ThrowAsync<TableRuleException>(() => table.OverwriteAsync(bed.Connection, "k = 1", "SELECT 2::INTEGER AS k, 'x' AS v", TableBed.Cancel));
        await table.AlterAsync(bed.Connection, [new TableAlteration.SetProperties(new Dictionary<string, string> { ["delta.appendOnly"] = "true" })], TableBed.Cancel);
        await Should.ThrowAsync<TableUnsupportedException>(() => table.DeleteAsync(bed.Connection, "k = 1", TableBed.Cancel));
        (await bed.RowsAsync(table)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Whole_files_go_without_a_deletion_vector_and_others_get_one()
    {
        await using var bed = new TableBed();
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", "dv"), TableBed.Schema(("k", "INTEGER")), new Dictionary<string, string> { ["delta.enableDeletionVectors"] = "true" }, TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT range::INTEGER AS k FROM range(200000)");
        await bed.AppendAsync(table, "SELECT -1::INTEGER AS k");
        await table.DeleteAsync(bed.Connection, "k < 70000 OR k % 7 = 0", TableBed.Cancel);
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        snapshot.Files.ShouldHaveSingleItem().DeletionVector.ShouldNotBeNull();
        snapshot.RowCount.ShouldBe(Enumerable.Range(0, 200000).Count(k => k >= 70000 && k % 7 != 0));
        bed.Rows($"SELECT count(*) AS n FROM {await table.RelationAsync(snapshot, TableBed.Cancel)}").ShouldBe([$$"""{"n":{{snapshot.RowCount}}}"""]);
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Values_of_partitions_of_every_type_come_back()
    {
        await using var bed = new TableBed();
        const string Row = """
            SELECT 1::INTEGER AS a, true AS b, 7::BIGINT AS l, 1.50::DECIMAL(9,2) AS n, 'NaN'::DOUBLE AS d, DATE '2024-02-29' AS day,
            TIMESTAMPTZ '2024-01-02 03:04:05.678901+00' AS t, 'a/b=c %é' AS s
            """;
        var schema = TableBed.Schema(
            ("a", "INTEGER"), ("b", "BOOLEAN"), ("l", "BIGINT"), ("n", "DECIMAL(9,2)"), ("d", "DOUBLE"), ("day", "DATE"), ("t", "TIMESTAMP WITH TIME ZONE"), ("s", "VARCHAR"));
        var table = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "p"), new TableDesign(schema) { PartitionColumns = ["b", "l", "n", "d", "day", "t", "s"] }, TableBed.Cancel);
        await bed.AppendAsync(table, Row);
        await bed.AppendAsync(table, $"SELECT 2::INTEGER AS a, NULL::BOOLEAN AS b, NULL::BIGINT AS l, NULL::DECIMAL(9,2) AS n, NULL::DOUBLE AS d, NULL::DATE AS day, NULL::TIMESTAMPTZ AS t, '' AS s");
        bed.Rows($"SELECT * FROM {await table.RelationAsync(await table.SnapshotAsync(TableBed.Cancel), TableBed.Cancel)} WHERE a = 1").ShouldBe(bed.Rows(Row));
        (await bed.RowsAsync(table))[1].ShouldBe("""{"a":2,"b":null,"l":null,"n":null,"d":null,"day":null,"t":null,"s":null}""");
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
    }

    private static async Task<DeltaTable> StartAsync(TableBed bed)
    {
        var table = await bed.CreateAsync("a", ("k", "INTEGER"), ("v", "VARCHAR"));
        await bed.AppendAsync(table, "SELECT range::INTEGER AS k, 'v' AS v FROM range(3)");
        return table;
    }
}
