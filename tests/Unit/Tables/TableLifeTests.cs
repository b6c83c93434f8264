using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class TableLifeTests : IDisposable
{
    private readonly TableBed _bed = new();

    [Fact]
    public async Task A_created_table_is_empty_and_typed()
    {
        var table = await _bed.CreateAsync("a", ("id", "INTEGER"), ("seen at", "TIMESTAMPTZ")).AsTask().ShouldThrowAsync<TableSchemaException>();
        table.Message.ShouldContain("seen at");
        var created = await _bed.CreateAsync("a", ("id", "INTEGER"), ("at", "TIMESTAMPTZ"), ("tags", "VARCHAR[]"));
        var snapshot = await created.SnapshotAsync(TableBed.Cancel);
        snapshot.Version.ShouldBe(0);
        snapshot.RowCount.ShouldBe(0);
        (await _bed.RowsAsync(created)).ShouldBeEmpty();
        _bed.Rows($"DESCRIBE SELECT * FROM {await created.RelationAsync(snapshot, TableBed.Cancel)}").Count.ShouldBe(3);
    }

    [Fact]
    public async Task Appended_rows_are_read_back_at_latest_and_at_each_version()
    {
        var table = await _bed.CreateAsync("a", ("id", "BIGINT"), ("name", "VARCHAR"));
        (await _bed.AppendAsync(table, "SELECT 1::BIGINT AS id, 'x' AS name")).ShouldBe(new CommitResult(CommitOutcome.Committed, 1, null));
        (await _bed.AppendAsync(table, "SELECT 2::BIGINT AS id, 'y''\"' AS name")).Version.ShouldBe(2);
        (await _bed.RowsAsync(table)).ShouldBe(["""{"id":1,"name":"x"}""", """{"id":2,"name":"y'\""}"""]);
        (await _bed.RowsAsync(table, await table.SnapshotAsync(1, TableBed.Cancel))).ShouldBe(["""{"id":1,"name":"x"}"""]);
        (await table.SnapshotAsync(TableBed.Cancel)).RowCount.ShouldBe(2);
    }

    [Fact]
    public async Task An_overwrite_leaves_only_its_own_rows()
    {
        var table = await _bed.CreateAsync("a", ("id", "BIGINT"));
        await _bed.AppendAsync(table, "SELECT i AS id FROM range(10) r(i)");
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        var adds = await table.WriteFilesAsync(_bed.Connection, "SELECT 77::BIGINT AS id", TableBed.Cancel);
        (await table.CommitAsync(basis, TableBed.Overwrite(adds), TableBed.Cancel)).Outcome.ShouldBe(CommitOutcome.Committed);
        (await _bed.RowsAsync(table)).ShouldBe(["""{"id":77}"""]);
        (await _bed.RowsAsync(table, await table.SnapshotAsync(1, TableBed.Cancel))).Count.ShouldBe(10);
    }

    [Fact]
    public async Task A_position_moved_by_another_writer_is_a_conflict_and_nothing_is_written()
    {
        var table = await _bed.CreateAsync("a", ("id", "BIGINT"));
        var basis = await table.SnapshotAsync(TableBed.Cancel);
        await _bed.AppendAsync(table, "SELECT 1::BIGINT AS id", new SetTransaction("app", 5));
        var adds = await table.WriteFilesAsync(_bed.Connection, "SELECT 1::BIGINT AS id", TableBed.Cancel);
        var result = await table.CommitAsync(basis, TableBed.Append(adds, new SetTransaction("app", 5)), TableBed.Cancel);
        result.Outcome.ShouldBe(CommitOutcome.TransactionConflict);
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        (snapshot.Version, snapshot.TransactionVersion("app"), snapshot.TransactionVersion("other")).ShouldBe((1, 5, null));
    }

    public void Dispose() => _bed.Dispose();
}
