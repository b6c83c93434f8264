using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

/// <summary>In-commit timestamps of a table that has lived without them.</summary>
public sealed class InCommitTimestampTests
{
    private const string On = "delta.enableInCommitTimestamps";
    private const string Version = "delta.inCommitTimestampEnablementVersion";
    private const string Time = "delta.inCommitTimestampEnablementTimestamp";

    private static readonly DateTimeOffset s_start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_commit_that_switches_them_on_says_so_with_its_own_version_and_time()
    {
        var time = new FakeTimeProvider(s_start);
        await using var bed = new TableBed(time);
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        time.Advance(TimeSpan.FromHours(1));
        await SetAsync(bed, table, "true");
        time.Advance(TimeSpan.FromHours(1));
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS a");

        var properties = (await table.SnapshotAsync(TableBed.Cancel)).Metadata.Configuration;
        (properties[Version], properties[Time]).ShouldBe(("2", s_start.AddHours(1).ToUnixTimeMilliseconds().ToString(null, null)));
        (await table.SnapshotAsync(TableBed.Cancel)).Protocol.WriterFeatures!.ShouldContain("inCommitTimestamp");
        bed.LogText(table, "00000000000000000002.json").ShouldStartWith("{\"commitInfo\":{\"inCommitTimestamp\":");
        bed.LogText(table, "00000000000000000001.json").ShouldNotContain("inCommitTimestamp");
        foreach (var (minutes, version) in new[] { (30, 1), (60, 2), (90, 2), (120, 3) })
            (await table.SnapshotAsync(s_start.AddMinutes(minutes), TableBed.Cancel)).Version.ShouldBe(version, $"after {minutes} minutes");
    }

    [Fact]
    public async Task A_clock_that_is_behind_the_last_commit_switches_them_on_after_it()
    {
        await using var bed = new TableBed(new FakeTimeProvider(s_start));
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        using var late = new TableBed(new FakeTimeProvider(s_start.AddDays(-1)), root: bed.Root);
        await SetAsync(late, (await late.Catalog.OpenAsync(table.Name, TableBed.Cancel))!, "true");
        (await table.SnapshotAsync(TableBed.Cancel)).Metadata.Configuration[Time].ShouldBe((s_start.ToUnixTimeMilliseconds() + 1).ToString(null, null));
    }

    [Fact]
    public async Task When_others_commit_first_the_version_said_is_the_one_that_it_became()
    {
        var raced = 0;
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        using var racing = new TableBed(root: bed.Root, wrap: store => new OvertakenStore(store, async () =>
        {
            if (Interlocked.Increment(ref raced) == 1) await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        }));
        await SetAsync(racing, (await racing.Catalog.OpenAsync(table.Name, TableBed.Cancel))!, "true");
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        (snapshot.Version, snapshot.Metadata.Configuration[Version]).ShouldBe((2, "2"));
    }

    [Fact]
    public async Task They_go_off_and_on_again_and_a_restore_leaves_them_as_they_are()
    {
        await using var bed = new TableBed();
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", "a"), TableBed.Schema(("a", "INTEGER")), new Dictionary<string, string> { [On] = "true" }, TableBed.Cancel);
        await SetAsync(bed, table, "false");
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        bed.LogText(table, "00000000000000000002.json").ShouldNotContain("inCommitTimestamp");
        await SetAsync(bed, table, "true");
        await table.RestoreAsync(1, TableBed.Cancel);
        var properties = (await table.SnapshotAsync(TableBed.Cancel)).Metadata.Configuration;
        (properties[On], properties[Version]).ShouldBe(("true", "3"));
        await SetAsync(bed, table, "false");
        (await table.SnapshotAsync(TableBed.Cancel)).Metadata.Configuration.Keys.ShouldNotContain(Version);
        await table.RestoreAsync(0, TableBed.Cancel);
        (await table.SnapshotAsync(TableBed.Cancel)).Metadata.Configuration.Keys.ShouldNotContain(Version);
    }

    [Theory]
    [InlineData(Version)]
    [InlineData(Time)]
    [InlineData("delta.columnMapping.maxColumnId")]
    public async Task What_writers_keep_cannot_be_set(string property)
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        var set = new TableAlteration.SetProperties(new Dictionary<string, string> { [property] = "7" });
        (await Should.ThrowAsync<TableSchemaException>(() => table.AlterAsync(bed.Connection, [set], TableBed.Cancel))).Message.ShouldContain(property);
    }

    private static async Task SetAsync(TableBed bed, DeltaTable table, string value) =>
        (await table.AlterAsync(bed.Connection, [new TableAlteration.SetProperties(new Dictionary<string, string> { [On] = value })], TableBed.Cancel))
            .Outcome.ShouldBe(CommitOutcome.Committed);

    /// <summary>Another writer commits right before each commit.</summary>
    private sealed class OvertakenStore(Sluice.Objects.IObjectStore inner, Func<Task> first) : ForwardingObjectStore(inner)
    {
        public override async ValueTask<bool> PutIfAbsentAsync(Sluice.Objects.ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            await first();
            return await base.PutIfAbsentAsync(key, content, cancel);
        }
    }
}
