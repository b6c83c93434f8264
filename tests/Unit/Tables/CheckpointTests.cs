using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Sluice.Objects;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class CheckpointTests
{
    [Fact]
    public async Task After_ten_commits_the_table_reads_from_the_checkpoint_alone()
    {
        await using var bed = new TableBed();
        var table = await FilledAsync(bed, 12);
        var before = await bed.RowsAsync(table);
        foreach (var version in Enumerable.Range(0, 10)) File.Delete(Path.Combine(bed.TableDirectory(table), "_delta_log", LogFile.CommitName(version)));
        using var fresh = new TableBed(root: bed.Root);
        var reopened = (await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await fresh.RowsAsync(reopened)).ShouldBe(before);
        var snapshot = await reopened.SnapshotAsync(TableBed.Cancel);
        (snapshot.Version, snapshot.TransactionVersion("app"), snapshot.RowCount).ShouldBe((12, 12, 12));
        (await reopened.SnapshotAsync(10, TableBed.Cancel)).RowCount.ShouldBe(10);
        (await Should.ThrowAsync<TableVersionException>(async () => await reopened.SnapshotAsync(9, TableBed.Cancel))).Message.ShouldContain("no version 9");
        (await bed.AppendAsync(reopened, "SELECT 99::BIGINT AS id")).Version.ShouldBe(13);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("not json")]
    [InlineData("""{"version":99,"size":1}""")]
    [InlineData("""{"version":-5}""")]
    [InlineData("""{"version":3,"size":1}""")]
    [InlineData("[]")]
    public async Task A_missing_stale_or_broken_hint_changes_nothing(string? hint)
    {
        using var bed = new TableBed();
        var table = await FilledAsync(bed, 12);
        var path = Path.Combine(bed.TableDirectory(table), "_delta_log", "_last_checkpoint");
        File.ReadAllText(path).ShouldStartWith("""{"version":10,"size":13,""");
        File.Delete(path);
        if (hint is not null) File.WriteAllText(path, hint);
        using var fresh = new TableBed(root: bed.Root);
        var reopened = (await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await reopened.SnapshotAsync(TableBed.Cancel)).RowCount.ShouldBe(12);
        (await reopened.SnapshotAsync(4, TableBed.Cancel)).RowCount.ShouldBe(4);
    }

    [Fact]
    public async Task A_checkpoint_has_every_column_and_only_what_still_counts()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000));
        await using var bed = new TableBed(time);
        var table = await FilledAsync(bed, 3);
        await table.CommitAsync(await table.SnapshotAsync(TableBed.Cancel), TableBed.Overwrite([]), TableBed.Cancel);
        time.Advance(TimeSpan.FromDays(8));
        await bed.AppendAsync(table, "SELECT 50::BIGINT AS id");
        await table.CommitAsync(await table.SnapshotAsync(TableBed.Cancel), TableBed.Overwrite([]), TableBed.Cancel);
        while ((await bed.AppendAsync(table, "SELECT 60::BIGINT AS id")).Version < 10)
        {
            // Up to the version that is due for a checkpoint.
        }

        var checkpoint = Path.Combine(bed.TableDirectory(table), "_delta_log", LogFile.CheckpointName(10));
        bed.Rows($"SELECT count(protocol) p, count(metaData) m, count(txn) t, count(\"add\") a, count(\"remove\") r, count(*) n FROM '{checkpoint}'")
            .ShouldBe(["""{"p":1,"m":1,"t":1,"a":4,"r":1,"n":8}"""]);
        bed.Rows($"SELECT DISTINCT \"add\".dataChange AS a, \"remove\".dataChange AS r FROM '{checkpoint}' WHERE coalesce(\"add\".dataChange, \"remove\".dataChange) IS NOT NULL")
            .ShouldBe(["""{"a":false,"r":null}""", """{"a":null,"r":false}"""]);
        bed.Rows($"SELECT name FROM parquet_schema('{checkpoint}') WHERE column_id IN (SELECT column_id FROM parquet_schema('{checkpoint}') WHERE num_children > 0 AND name IN ('txn', 'add', 'remove', 'metaData', 'protocol', 'domainMetadata') AND repetition_type = 'OPTIONAL')")
            .Count.ShouldBe(6);
    }

    [Fact]
    public async Task A_checkpoint_that_fails_does_not_fail_the_commit_and_is_made_at_the_next_due_version()
    {
        NoCheckpoints? faults = null;
        await using var bed = new TableBed(wrap: store => faults = new NoCheckpoints(store));
        faults!.Failing = true;
        var table = await FilledAsync(bed, 10);
        faults.Failures.ShouldBe(1);
        File.Exists(Path.Combine(bed.TableDirectory(table), "_delta_log", LogFile.CheckpointName(10))).ShouldBeFalse();
        faults.Failing = false;
        for (var i = 0; i < 10; i++) await bed.AppendAsync(table, "SELECT 1::BIGINT AS id");
        File.Exists(Path.Combine(bed.TableDirectory(table), "_delta_log", LogFile.CheckpointName(20))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_known_table_is_read_on_by_its_new_commits_only()
    {
        CountingReads? reads = null;
        await using var bed = new TableBed();
        var writer = await FilledAsync(bed, 15);
        using var reader = new TableBed(root: bed.Root, wrap: store => reads = new CountingReads(store));
        var table = (await reader.Catalog.OpenAsync(writer.Name, TableBed.Cancel))!;
        (await table.SnapshotAsync(TableBed.Cancel)).Version.ShouldBe(15);
        reads!.Lists.ShouldBe(2);
        await bed.AppendAsync(writer, "SELECT 1::BIGINT AS id");
        await bed.AppendAsync(writer, "SELECT 2::BIGINT AS id");
        (reads.Lists, reads.Gets) = (0, 0);
        (await table.SnapshotAsync(TableBed.Cancel)).Version.ShouldBe(17);
        (reads.Lists, reads.Gets).ShouldBe((0, 3));
    }

    private static async Task<DeltaTable> FilledAsync(TableBed bed, int commits)
    {
        var table = await bed.CreateAsync("a", ("id", "BIGINT"));
        for (var i = 1; i <= commits; i++) await bed.AppendAsync(table, $"SELECT {i}::BIGINT AS id", new SetTransaction("app", i));
        return table;
    }

    private sealed class NoCheckpoints(IObjectStore inner) : ForwardingObjectStore(inner)
    {
        public bool Failing { get; set; }

        public int Failures { get; private set; }

        public override ValueTask<ObjectInfo> PutFileAsync(ObjectKey key, string path, CancellationToken cancel)
        {
            if (!Failing || !key.Value.Contains("checkpoint", StringComparison.Ordinal)) return base.PutFileAsync(key, path, cancel);
            Failures++;
            throw new IOException("No space left.");
        }
    }

    private sealed class CountingReads(IObjectStore inner) : ForwardingObjectStore(inner)
    {
        public int Lists { get; set; }

        public int Gets { get; set; }

        public override ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel)
        {
            Gets++;
            return base.GetAsync(key, cancel);
        }

        public override IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, ObjectKey? startAfter, CancellationToken cancel)
        {
            Lists++;
            return base.ListAsync(prefix, startAfter, cancel);
        }
    }
}
