using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;
using static Sluice.Tables.TableAlteration;

namespace Sluice.Unit.Tables;

public sealed class AlterTests
{
    [Fact]
    public async Task A_new_column_is_null_in_the_rows_that_are_there()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        await AlterAsync(bed, table, new AddColumn("b", "VARCHAR"));
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS a, 'x' AS b");
        (await bed.RowsAsync(table)).ShouldBe(["""{"a":1,"b":null}""", """{"a":2,"b":"x"}"""]);
        (await bed.RowsAsync(table, await table.SnapshotAsync(1, TableBed.Cancel))).ShouldBe(["""{"a":1}"""]);
        await CleanAsync(table);
    }

    [Fact]
    public async Task A_widened_column_reads_old_files_and_names_the_change()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        (await Should.ThrowAsync<TableSchemaException>(() => table.AlterAsync(bed.Connection, [new WidenColumn("a", "BIGINT")], TableBed.Cancel)))
            .Message.ShouldContain("delta.enableTypeWidening");
        await AlterAsync(bed, table, new SetProperties(new Dictionary<string, string> { ["delta.enableTypeWidening"] = "true" }), new WidenColumn("a", "BIGINT"));
        await bed.AppendAsync(table, "SELECT 5000000000 AS a");
        (await bed.RowsAsync(table)).ShouldBe(["""{"a":1}""", """{"a":5000000000}"""]);
        (await table.FilesMatchingAsync(await table.SnapshotAsync(TableBed.Cancel), "a = 1", TableBed.Cancel)).Count.ShouldBe(1);
        bed.LogText(table, "00000000000000000002.json").ShouldContain("delta.typeChanges");
        (await Should.ThrowAsync<TableSchemaException>(() => table.AlterAsync(bed.Connection, [new WidenColumn("a", "INTEGER")], TableBed.Cancel))).Message.ShouldContain("does not hold all its values");
        await CleanAsync(table);
    }

    [Fact]
    public async Task A_constraint_holds_for_rows_that_are_there_and_for_all_that_come()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        (await Should.ThrowAsync<TableRuleException>(() => table.AlterAsync(bed.Connection, [new AddConstraint("big", "a > 1")], TableBed.Cancel))).Message.ShouldContain("1 rows");
        await AlterAsync(bed, table, new AddConstraint("positive", "`a` > 0"));
        (await table.SnapshotAsync(TableBed.Cancel)).Protocol.ShouldBe(new TableProtocol(1, 3));
        await BreaksAsync(() => bed.AppendAsync(table, "SELECT 0::INTEGER AS a"), "constraint 'positive'");
        await BreaksAsync(() => bed.AppendAsync(table, "SELECT NULL::INTEGER AS a"), "constraint 'positive'");
        await BreaksAsync(() => table.UpdateAsync(bed.Connection, null, new Dictionary<string, string> { ["a"] = "-a" }, TableBed.Cancel), "constraint 'positive'");
        (await bed.RowsAsync(table)).ShouldBe(["""{"a":1}"""]);
        await AlterAsync(bed, table, new DropConstraint("Positive"));
        await bed.AppendAsync(table, "SELECT 0::INTEGER AS a");
        await CleanAsync(table);
    }

    [Fact]
    public async Task A_column_that_is_to_hold_no_nulls_must_hold_none()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        await AlterAsync(bed, table, new SetNullable("a", false));
        await Should.ThrowAsync<TableSchemaException>(() => bed.AppendAsync(table, "SELECT NULL::INTEGER AS a"));
        await AlterAsync(bed, table, new SetNullable("a", true));
        await bed.AppendAsync(table, "SELECT NULL::INTEGER AS a");
        await BreaksAsync(() => table.AlterAsync(bed.Connection, [new SetNullable("a", false)], TableBed.Cancel), "NOT NULL");
    }

    [Fact]
    public async Task Mapped_columns_are_renamed_and_dropped_without_touching_files()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        await AlterAsync(bed, table, new AddColumn("b", "STRUCT(x INTEGER)"));
        (await Should.ThrowAsync<TableSchemaException>(() => table.AlterAsync(bed.Connection, [new RenameColumn("a", "c")], TableBed.Cancel))).Message.ShouldContain("delta.columnMapping.mode");
        await AlterAsync(bed, table, new SetProperties(new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name" }));
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS a, {x: 7::INTEGER} AS b");
        await AlterAsync(bed, table, new RenameColumn("a", "the a"), new AddColumn("a", "VARCHAR"));
        await bed.AppendAsync(table, """SELECT 3::INTEGER AS "the a", {x: 8::INTEGER} AS b, 'new' AS a""");
        (await bed.RowsAsync(table)).ShouldBe([
            """{"the a":1,"b":null,"a":null}""", """{"the a":2,"b":{"x":7},"a":null}""", """{"the a":3,"b":{"x":8},"a":"new"}""",
        ]);
        await AlterAsync(bed, table, new DropColumn("b"), new AddColumn("b", "INTEGER"));
        (await bed.RowsAsync(table))[0].ShouldBe("""{"the a":1,"a":null,"b":null}""");
        await CleanAsync(table);
    }

    [Fact]
    public async Task Columns_are_mapped_by_id_from_the_beginning_or_never()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        await RefusesAsync(table, "id", "hold no ids");
        await AlterAsync(bed, table, new SetProperties(new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name" }));
        await RefusesAsync(table, "id", "stays");
        await RefusesAsync(table, "none", "stays");
        (await bed.RowsAsync(table)).ShouldBe(["{\"a\":1}"]);
        var mode = new Dictionary<string, string> { ["delta.columnMapping.mode"] = "id" };
        var mapped = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "b"), TableBed.Schema(("a", "INTEGER")), mode, TableBed.Cancel);
        await bed.AppendAsync(mapped, "SELECT 2::INTEGER AS a");
        await AlterAsync(bed, mapped, new SetProperties(mode), new RenameColumn("a", "c"));
        (await bed.RowsAsync(mapped)).ShouldBe(["{\"c\":2}"]);
        await RefusesAsync(mapped, "name", "stays");

        async Task RefusesAsync(DeltaTable refusing, string to, string why) => (await Should.ThrowAsync<TableSchemaException>(() => refusing.AlterAsync(
            bed.Connection, [new SetProperties(new Dictionary<string, string> { ["delta.columnMapping.mode"] = to })], TableBed.Cancel))).Message.ShouldContain(why);
    }

    [Fact]
    public async Task An_append_prepared_before_an_alteration_conflicts_with_it_and_an_alteration_follows_appends()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        var adds = await table.WriteFilesAsync(bed.Connection, "SELECT 9::INTEGER AS a", TableBed.Cancel);
        await AlterAsync(bed, table, new AddColumn("b", "VARCHAR"));
        (await table.CommitAsync(basis, TableBed.Append(adds), TableBed.Cancel)).Outcome.ShouldBe(CommitOutcome.MetadataConflict);
    }

    [Fact]
    public async Task Features_are_named_by_the_protocol_as_properties_ask_for_them()
    {
        await using var bed = new TableBed();
        var table = await StartAsync(bed);
        await AlterAsync(bed, table, new SetProperties(new Dictionary<string, string> { ["delta.enableChangeDataFeed"] = "true" }));
        (await table.SnapshotAsync(TableBed.Cancel)).Protocol.ShouldBe(new TableProtocol(1, 4));
        await AlterAsync(bed, table, new SetProperties(new Dictionary<string, string> { ["delta.enableDeletionVectors"] = "true" }));
        var protocol = (await table.SnapshotAsync(TableBed.Cancel)).Protocol;
        (protocol.MinReaderVersion, protocol.MinWriterVersion).ShouldBe((3, 7));
        protocol.ReaderFeatures.ShouldBe(["deletionVectors"]);
        protocol.WriterFeatures.ShouldBe(["appendOnly", "changeDataFeed", "checkConstraints", "deletionVectors", "generatedColumns", "invariants"]);
        await Should.ThrowAsync<TableUnsupportedException>(() =>
            table.AlterAsync(bed.Connection, [new SetProperties(new Dictionary<string, string> { ["delta.feature.rowTracking"] = "supported" })], TableBed.Cancel));
        await CleanAsync(table);
    }

    private static async Task<DeltaTable> StartAsync(TableBed bed)
    {
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        return table;
    }

    private static async Task AlterAsync(TableBed bed, DeltaTable table, params TableAlteration[] alterations) =>
        (await table.AlterAsync(bed.Connection, alterations, TableBed.Cancel)).Outcome.ShouldBe(CommitOutcome.Committed);

    private static async Task BreaksAsync<T>(Func<Task<T>> work, string rule) => (await Should.ThrowAsync<TableRuleException>(work)).Message.ShouldContain(rule);

    private static async Task CleanAsync(DeltaTable table) => (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
}
