using System.Diagnostics;
using System.Globalization;
using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Simulation.Tables;

/// <summary>
/// Writers that are processes of their own, over one directory. <c>SLUICE_TEST_WRITERS=8x200</c> runs eight with two hundred changes each;
/// without it there are fewer, so that the tests take seconds.
/// </summary>
public sealed class WriterProcessTests
{
    private const string Root = "SLUICE_TEST_WRITER_ROOT";
    private const string Kind = "SLUICE_TEST_WRITER_KIND";
    private const string Number = "SLUICE_TEST_WRITER_NUMBER";
    private const string Changes = "SLUICE_TEST_WRITER_CHANGES";

    private static readonly TableName s_table = new("t", "a");

    private static readonly (int Writers, int Changes) s_size =
        Environment.GetEnvironmentVariable("SLUICE_TEST_WRITERS")?.Split('x') is [var writers, var changes]
            ? (int.Parse(writers, CultureInfo.InvariantCulture), int.Parse(changes, CultureInfo.InvariantCulture))
            : (3, 8);

    [Fact]
    public async Task Processes_that_append_at_once_leave_contiguous_versions_and_every_row_once()
    {
        await using var bed = await StartAsync();
        await RunAsync(bed, Enumerable.Repeat("append", s_size.Writers));
        var table = (await bed.Catalog.OpenAsync(s_table, TableBed.Cancel))!;
        var total = s_size.Writers * s_size.Changes;
        (await table.HistoryAsync(TableBed.Cancel)).Select(c => c.Version).ShouldBe(Enumerable.Range(0, total + 3).Reverse().Select(v => (long)v));
        var relation = await table.RelationAsync(await table.SnapshotAsync(TableBed.Cancel), TableBed.Cancel);
        bed.Rows($"SELECT count(*) AS n, count(DISTINCT k) AS d FROM {relation} WHERE k >= 1000").ShouldBe([$$"""{"n":{{total}},"d":{{total}}}"""]);
        Conflicts(bed).ShouldBeEmpty("appends conflict with nobody");
    }

    [Fact]
    public async Task Processes_that_append_delete_merge_and_optimize_at_once_leave_what_each_did()
    {
        await using var bed = await StartAsync();
        string[] kinds = ["append", "delete", "merge", "optimize"];
        var appenders = Math.Max(1, s_size.Writers - kinds.Length + 1);
        await RunAsync(bed, kinds[1..].Concat(Enumerable.Repeat("append", appenders)));
        var table = (await bed.Catalog.OpenAsync(s_table, TableBed.Cancel))!;
        var history = (await table.HistoryAsync(TableBed.Cancel)).Select(c => c.Version).ToList();
        history.ShouldBe(Enumerable.Range(0, history.Count).Reverse().Select(v => (long)v));
        (await bed.RowsAsync(table)).ShouldBe(
            Enumerable.Range(0, appenders).SelectMany(a => Enumerable.Range(0, s_size.Changes).Select(i => $$"""{"k":{{((a + kinds.Length) * 1000) + i}},"v":0}"""))
                .Append($$"""{"k":-1,"v":{{s_size.Changes}}}"""), ignoreOrder: true);
        foreach (var conflict in Conflicts(bed)) conflict.ShouldNameItsRule();
    }

    /// <summary>What a writer's process does; the environment says which and how much.</summary>
    [Fact(Explicit = true)]
    public async Task Writer()
    {
        using var bed = new TableBed(root: Setting(Root), options: o => o with { ChecksumInterval = 10 });
        var table = (await bed.Catalog.OpenAsync(s_table, TableBed.Cancel))!;
        var (number, changes) = (int.Parse(Setting(Number), CultureInfo.InvariantCulture), int.Parse(Setting(Changes), CultureInfo.InvariantCulture));
        var conflicts = new List<string>();
        for (var i = 0; i < changes; i++)
        {
            while (await ChangeAsync(bed, table, number, i) is { Outcome: not CommitOutcome.Committed } conflict) conflicts.Add($"{conflict.Outcome}: {conflict.Reason}");
        }

        await File.WriteAllLinesAsync(ConflictFile(bed, number), conflicts);
    }

    private static async Task<CommitResult?> ChangeAsync(TableBed bed, DeltaTable table, int number, int i) => Setting(Kind) switch
    {
        "append" => await bed.AppendAsync(table, $"SELECT {((number + 1) * 1000) + i}::INTEGER AS k, 0::INTEGER AS v"),
        "delete" => (await table.DeleteAsync(bed.Connection, $"k = {i}", TableBed.Cancel)).Commit,
        "merge" => (await table.MergeAsync(bed.Connection, s_countUp, TableBed.Cancel)).Commit,
        _ => (await table.OptimizeAsync(bed.Connection, new OptimizeOptions { ZOrderBy = ["k"] }, TableBed.Cancel))?.Commit,
    };

    private static readonly Merge s_countUp = new(
        "SELECT -1::INTEGER AS k", "target.k = source.k", [new(MergeRows.Matched, MergeAction.Update, null, new Dictionary<string, string> { ["v"] = "target.v + 1" })]);

    private static string Setting(string name) => Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set: this is run by the other tests of the class");

    private static string ConflictFile(TableBed bed, int number) => Path.Combine(bed.Root, $"conflicts-{number}.txt");

    private static List<string> Conflicts(TableBed bed) => [.. Directory.GetFiles(bed.Root, "conflicts-*.txt").SelectMany(File.ReadAllLines)];

    private static async Task<TableBed> StartAsync()
    {
        var bed = new TableBed();
        var table = await bed.Catalog.OpenOrCreateAsync(s_table, TableBed.Schema(("k", "INTEGER"), ("v", "INTEGER")), TableBed.Cancel);
        await bed.AppendAsync(table, $"SELECT range::INTEGER AS k, 0::INTEGER AS v FROM range({s_size.Changes})");
        await bed.AppendAsync(table, "SELECT -1::INTEGER AS k, 0::INTEGER AS v");
        return bed;
    }

    private static async Task RunAsync(TableBed bed, IEnumerable<string> kinds)
    {
        var writers = kinds.Select((kind, number) => RunAsync(bed, kind, number)).ToList();
        await Task.WhenAll(writers);
    }

    private static async Task RunAsync(TableBed bed, string kind, int number)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"{typeof(WriterProcessTests).FullName}.{nameof(Writer)}", "-explicit", "only"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Root] = bed.Root;
        start.Environment[Kind] = kind;
        start.Environment[Number] = number.ToString(CultureInfo.InvariantCulture);
        start.Environment[Changes] = s_size.Changes.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var printed = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{kind} {number}: {string.Concat(printed)}");
        File.Exists(ConflictFile(bed, number)).ShouldBeTrue($"{kind} {number} did not run: {string.Concat(printed)}");
    }
}
