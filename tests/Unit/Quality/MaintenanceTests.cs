using Microsoft.Extensions.Time.Testing;
using Sluice.Tables;
using Sluice.Testing;

namespace Sluice.Unit.Quality;

public sealed class MaintenanceTests
{
    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Small_files_are_merged_and_what_was_merged_is_deleted_after_the_retention()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var bed = new TableBed(time);
        using var maintenance = Maintenance(bed);
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        for (var i = 0; i < 20; i++) await bed.AppendAsync(table, $"SELECT {i}::INTEGER AS a");

        var first = await maintenance.RunAsync(table, new MaintenanceOptions(), TableBed.Cancel);
        time.Advance(TimeSpan.FromDays(8));
        var second = await maintenance.RunAsync(table, new MaintenanceOptions { CleanLog = false }, TableBed.Cancel);
        var third = await maintenance.RunAsync(table, new MaintenanceOptions(), TableBed.Cancel);

        (first.FilesMerged, first.FilesMade, first.FilesDeleted).ShouldBe((20, 1, 0));
        (second.FilesMerged, second.FilesDeleted).ShouldBe((0, 20));
        second.BytesDeleted.ShouldBeGreaterThan(0);
        third.ShouldBe(new MaintenanceReport(0, 0, 0, 0, 0, 0, 0));
        (await bed.RowsAsync(table)).Count.ShouldBe(20);
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_table_that_nobody_changed_since_is_left_as_it_is()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var bed = new TableBed(time);
        using var maintenance = Maintenance(bed);
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        await maintenance.RunAsync(table, new MaintenanceOptions { ZOrderBy = ["a"] }, TableBed.Cancel);
        var before = Files();
        for (var night = 0; night < 3; night++)
        {
            time.Advance(TimeSpan.FromDays(1));
            await maintenance.RunAsync(table, new MaintenanceOptions { ZOrderBy = ["a"] }, TableBed.Cancel);
        }

        before.ShouldContain(file => file.Name.EndsWith(".checkpoint.parquet", StringComparison.Ordinal));
        Files().ShouldBe(before);
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS a");
        await maintenance.RunAsync(table, new MaintenanceOptions(), TableBed.Cancel);
        Files().Count(file => file.Name.EndsWith(".checkpoint.parquet", StringComparison.Ordinal)).ShouldBe(2);

        List<(string Name, DateTime Written)> Files() =>
            [.. new DirectoryInfo(bed.TableDirectory(table)).EnumerateFiles("*", SearchOption.AllDirectories).Select(f => (f.FullName, f.LastWriteTimeUtc)).Order()];
    }

    [Fact]
    public async Task Only_files_that_are_not_in_order_are_put_in_order()
    {
        using var bed = new TableBed();
        using var maintenance = Maintenance(bed);
        var table = await bed.CreateAsync("a", ("x", "INTEGER"), ("y", "INTEGER"));
        var options = new MaintenanceOptions { Compact = false, Vacuum = false, CleanLog = false, ZOrderBy = ["x", "y"] };
        await bed.AppendAsync(table, "SELECT (range % 7)::INTEGER AS x, range::INTEGER AS y FROM range(100)");
        await bed.AppendAsync(table, "SELECT (range % 5)::INTEGER AS x, range::INTEGER AS y FROM range(100)");

        var first = await maintenance.RunAsync(table, options, TableBed.Cancel);
        var again = await maintenance.RunAsync(table, options, TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT 1 AS x, 2 AS y");
        // What is known of a file must outlive the log's commits.
        await table.CheckpointAsync(TableBed.Cancel);
        using var fresh = new TableBed(root: bed.Root);
        var reopened = (await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        var later = await maintenance.RunAsync(reopened, options, TableBed.Cancel);
        var other = await maintenance.RunAsync(reopened, options with { ZOrderBy = ["y"] }, TableBed.Cancel);

        (first.FilesOrdered, first.FilesInOrder).ShouldBe((2, 1));
        again.FilesOrdered.ShouldBe(0);
        (later.FilesOrdered, later.FilesInOrder).ShouldBe((1, 1));
        other.FilesOrdered.ShouldBe(2);
        (await fresh.RowsAsync(reopened)).Count.ShouldBe(201);
        (await TableLint.CheckAsync(reopened, TableBed.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_log_is_cleaned_and_a_retention_shorter_than_the_tables_is_refused()
    {
        var time = new FakeTimeProvider(s_now.AddDays(-90));
        using var bed = new TableBed(time, options: o => o with { CheckpointInterval = 100 });
        using var maintenance = Maintenance(bed);
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        for (var i = 0; i < 5; i++) await bed.AppendAsync(table, $"SELECT {i}::INTEGER AS a");
        var young = await maintenance.RunAsync(table, new MaintenanceOptions(), TableBed.Cancel);
        time.SetUtcNow(s_now);
        var old = await maintenance.RunAsync(table, new MaintenanceOptions { Vacuum = false }, TableBed.Cancel);

        (young.LogFilesDeleted, old.LogFilesDeleted > 0).ShouldBe((0, true));
        (await bed.RowsAsync(table)).Count.ShouldBe(5);
        await Should.ThrowAsync<TableUnsupportedException>(
            () => maintenance.RunAsync(table, new MaintenanceOptions { Retention = TimeSpan.FromHours(1) }, TableBed.Cancel));
        await Should.ThrowAsync<TableSchemaException>(
            () => maintenance.RunAsync(table, new MaintenanceOptions { ZOrderBy = ["b"] }, TableBed.Cancel));
    }

    private static TableMaintenance Maintenance(TableBed bed) => new(Path.Combine(bed.Root, "maintenance"), 256L << 20);
}
