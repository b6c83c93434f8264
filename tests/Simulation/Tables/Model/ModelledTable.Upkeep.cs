using Shouldly;
using Sluice.Tables;

namespace Sluice.Simulation.Tables.Model;

/// <summary>What changes no row: files, the log, columns and properties.</summary>
internal sealed partial class ModelledTable
{
    private static readonly (string Key, string Value)[] s_properties =
    [
        ("delta.enableDeletionVectors", "true"), ("delta.enableChangeDataFeed", "true"), ("delta.enableInCommitTimestamps", "true"),
        ("delta.columnMapping.mode", "name"), ("delta.checkpointPolicy", "v2"), ("delta.enableDeletionVectors", "false"), ("delta.enableInCommitTimestamps", "false"),
    ];

    private async Task CompactAsync()
    {
        Steps.Add("compact");
        await table.CompactAsync(bed.Connection, new CompactionOptions { FilesPerTier = 2 }, Cancel);
    }

    private async Task OptimizeAsync()
    {
        string[] columns = random.Next(3) switch { 0 => [], 1 => ["id"], _ => ["id", "n"] };
        Steps.Add($"optimize by ({string.Join(", ", columns)})");
        await table.OptimizeAsync(bed.Connection, new OptimizeOptions { ZOrderBy = columns }, Cancel);
    }

    private async Task RestoreAsync()
    {
        var versions = Versions.Numbers.Where(Versions.IsPromised).ToList();
        var version = versions[random.Next(versions.Count)];
        Steps.Add($"restore {version}");
        var done = await table.RestoreAsync(version, Cancel);
        (done.Commit?.Outcome ?? CommitOutcome.Committed).ShouldBe(CommitOutcome.Committed, Story());
        (_rows, _shape) = (Versions[version].Rows, Versions[version].Shape);
    }

    private async Task VacuumAsync()
    {
        if (random.Next(3) == 0)
        {
            time.Advance(TimeSpan.FromDays(8));
            Steps.Add("8 days later, delete what is expired");
            await table.DeleteExpiredAsync(Cancel);
            Versions.FilesDeletedUpTo(time.GetUtcNow() - TimeSpan.FromDays(7));
            return;
        }

        var retention = TimeSpan.FromHours(random.Next(8));
        Steps.Add($"vacuum, {retention}");
        var plan = await table.VacuumAsync(new VacuumOptions { Retention = retention, Force = true, DryRun = true }, Cancel);
        var done = await table.VacuumAsync(new VacuumOptions { Retention = retention, Force = true }, Cancel);
        done.Files.ShouldBe(plan.Files, Story());
        Versions.FilesDeletedUpTo(time.GetUtcNow() - retention);
        Versions.Vacuumed();
    }

    private async Task CleanLogAsync()
    {
        if (random.Next(2) == 0) time.Advance(TimeSpan.FromDays(2));
        Steps.Add($"checkpoint and clean the log, {time.GetUtcNow():u}");
        await table.CheckpointAsync(Cancel);
        await table.CleanLogAsync(Cancel);
        Versions.LogCleanedUpTo(new DateTimeOffset((time.GetUtcNow() - ModelTests.LogRetention).UtcDateTime.Date, TimeSpan.Zero));
    }

    private async Task SwitchOnAsync()
    {
        var (key, value) = s_properties[random.Next(s_properties.Length)];
        Steps.Add($"set {key} = {value}");
        await AlterAsync(new TableAlteration.SetProperties(new Dictionary<string, string> { [key] = value }));
    }

    private async Task AlterAsync()
    {
        var mapped = (await table.SnapshotAsync(Cancel)).Metadata.Configuration.GetValueOrDefault("delta.columnMapping.mode") == "name";
        switch (random.Next(4))
        {
            case 0 when !_shape.Wide:
                Steps.Add("widen n");
                await AlterAsync(
                    new TableAlteration.SetProperties(new Dictionary<string, string> { ["delta.enableTypeWidening"] = "true" }), new TableAlteration.WidenColumn("n", "BIGINT"));
                _shape = _shape with { Wide = true };
                break;
            case 1 when mapped && _shape.Extra is { } extra:
                Steps.Add($"drop {extra}");
                await AlterAsync(new TableAlteration.DropColumn(extra));
                _shape = _shape with { Extra = null };
                _rows = [.. _rows.Select(r => r with { X = null })];
                break;
            case 2 when mapped && _shape.Extra is { } old:
                var name = old == "x" ? "y" : "x";
                Steps.Add($"rename {old} to {name}");
                await AlterAsync(new TableAlteration.RenameColumn(old, name));
                _shape = _shape with { Extra = name };
                break;
            default:
                if (_shape.Extra is not null) return;
                Steps.Add("add x");
                await AlterAsync(new TableAlteration.AddColumn("x", "VARCHAR"));
                _shape = _shape with { Extra = "x", ExtraNumber = ++_extras };
                break;
        }
    }

    private async Task AlterAsync(params TableAlteration[] alterations) =>
        (await table.AlterAsync(bed.Connection, alterations, Cancel)).Outcome.ShouldBe(CommitOutcome.Committed, Story());

    /// <summary>The change feed of a version is what tells its rows from those of the version before.</summary>
    public async Task CheckFeedAsync(long version)
    {
        var (before, after) = (Versions[version - 1], Versions[version]);
        if (!before.Feed || !after.Feed || before.Shape != after.Shape) return;
        var rows = bed.Rows($"SELECT * EXCLUDE (_commit_version, _commit_timestamp) FROM {await table.ChangesAsync(version, version, Cancel)}");
        var counts = before.Lines.GroupBy(line => line).ToDictionary(g => g.Key, g => g.Count());
        foreach (var row in rows)
        {
            var at = row.LastIndexOf(",\"_change_type\":\"", StringComparison.Ordinal);
            var line = $"{row[..at]}}}";
            var gone = row[at..].Contains("delete", StringComparison.Ordinal) || row[at..].Contains("update_preimage", StringComparison.Ordinal);
            counts[line] = counts.GetValueOrDefault(line) + (gone ? -1 : 1);
        }

        var left = counts.SelectMany(c => Enumerable.Repeat(c.Key, Math.Max(0, c.Value))).Order(StringComparer.Ordinal);
        string.Join("\n", left).ShouldBe(string.Join("\n", after.Lines), $"the change feed of version {version}\n{Story()}");
        counts.Values.ShouldAllBe(count => count >= 0, Story());
    }
}
