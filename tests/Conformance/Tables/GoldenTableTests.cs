using System.Diagnostics;
using Shouldly;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Conformance.Tables;

/// <summary>Tables that Spark wrote, with the verdict of each: the archives of <c>golden/delta</c> in the shared folder.</summary>
public sealed class GoldenTableTests
{
    public static TheoryData<string, string> Archives()
    {
        var data = new TheoryData<string, string>();
        var manifest = GoldenArchive.Directory is { } directory ? File.ReadAllLines(Path.Combine(directory, "MANIFEST.tsv")) : [];
        foreach (var line in manifest.Where(l => !l.StartsWith('#')).Skip(1)) data.Add(line.Split('\t')[0], line.Split('\t')[1]);
        if (data.Count == 0) data.Add("(none)", "absent");
        return data;
    }

    [Theory]
    [MemberData(nameof(Archives))]
    public async Task A_golden_table_meets_its_verdict(string name, string verdict)
    {
        Assert.SkipWhen(verdict == "absent", "The shared folder with golden/delta is absent: set SLUICE_TEST_SHARED.");
        using var golden = await GoldenArchive.UnpackAsync(name);
        using var bed = new TableBed(root: golden.Root);
        var table = await bed.Catalog.OpenAsync(new TableName(name, "delta"), TableBed.Cancel);
        if (verdict == "error")
        {
            await Should.ThrowAsync<TableFormatException>(async () => await table!.SnapshotAsync(TableBed.Cancel));
            return;
        }

        if (verdict == "snapshot-only")
        {
            await MeetsLogStateAsync(bed, name, table);
            return;
        }

        var snapshot = await table.ShouldNotBeNull().SnapshotAsync(TableBed.Cancel);
        if (verdict == "no-files")
        {
            (snapshot.Version, snapshot.Files.Count).ShouldBe((1, 0));
            return;
        }

        verdict.ShouldBe("read");
        var relation = await table.RelationAsync(snapshot, TableBed.Cancel);
        var columns = string.Join(", ", snapshot.Schema.Columns.Select(c => SqlName.Quote(c.Name)));
        var typed = string.Join(", ", snapshot.Schema.Columns.Select(c => $"CAST({SqlName.Quote(c.Name)} AS {c.DuckDbType}) AS {SqlName.Quote(c.Name)}"));
        var expected = Path.Combine(golden.Root, "store", name, "expected", "**", "*.parquet");
        var wanted = bed.Rows($"SELECT {typed} FROM read_parquet({SqlName.Literal(expected)}, hive_partitioning = false)");
        bed.Rows($"SELECT {columns} FROM {relation}").ShouldBe(wanted);
        if (snapshot.RowCount is { } rows) rows.ShouldBe(wanted.Count);
    }

    private static async Task MeetsLogStateAsync(TableBed bed, string name, DeltaTable? table)
    {
        switch (name)
        {
            case "checkpoint":
                var checkpoint = await table!.SnapshotAsync(TableBed.Cancel);
                (checkpoint.Version, checkpoint.Files.Count).ShouldBe((14, 1));
                break;
            case "deltalog-commit-info":
                (await table!.SnapshotAsync(TableBed.Cancel)).Files.ShouldHaveSingleItem().Path.ShouldBe("abc");
                var commit = (await table.HistoryAsync(TableBed.Cancel)).ShouldHaveSingleItem();
                (commit.Operation, commit.Time.ToUnixTimeMilliseconds(), commit.Metrics["test"]).ShouldBe(("WRITE", 1540415658000, "test"));
                break;
            case "data-reader-absolute-paths-escaped-chars":
                // The log has no metaData, so there is no snapshot; its two files are what can be checked.
                (await Should.ThrowAsync<TableFormatException>(async () => await table!.SnapshotAsync(TableBed.Cancel))).Message.ShouldContain("metaData");
                var log = new TableLog(bed.Store, table!.Name);
                var second = (await log.ReadCommitAsync(1, TableBed.Cancel))!.OfType<AddFile>().ShouldHaveSingleItem();
                DataPath.Canonical(second.Path).ShouldBe("bar-bar.snappy.parquet");
                break;
            case "hive":
                var tables = Directory.EnumerateDirectories(Path.Combine(bed.Root, "store", "hive", "delta")).Where(d => Directory.Exists(Path.Combine(d, "_delta_log"))).ToArray();
                tables.ShouldNotBeEmpty();
                foreach (var directory in tables)
                {
                    var inner = await bed.Catalog.OpenAsync(new TableName("hive/delta", Path.GetFileName(directory)), TableBed.Cancel);
                    var snapshot = await inner.ShouldNotBeNull().SnapshotAsync(TableBed.Cancel);
                    bed.Rows($"SELECT * FROM {await inner.RelationAsync(snapshot, TableBed.Cancel)}").ShouldNotBeEmpty();
                }

                break;
            default:
                name.ShouldBe("parquet-all-types-legacy-format");
                (await bed.RowsAsync(table!)).ShouldNotBeEmpty();
                break;
        }
    }
}

/// <summary>A golden archive unpacked into a private directory, where it looks like an object store.</summary>
internal sealed class GoldenArchive : IDisposable
{
    private GoldenArchive(string root) => Root = root;

    /// <summary>The folder of archives; null where the shared folder is absent.</summary>
    public static string? Directory { get; } =
        Repository.Shared is { } shared && System.IO.Directory.Exists(Path.Combine(shared, "golden", "delta")) ? Path.Combine(shared, "golden", "delta") : null;

    public string Root { get; }

    public static async Task<GoldenArchive> UnpackAsync(string name)
    {
        var archive = new GoldenArchive(System.IO.Directory.CreateTempSubdirectory("sluice-golden-").FullName);
        var store = Path.Combine(archive.Root, "store");
        System.IO.Directory.CreateDirectory(store);
        using var tar = Process.Start(new ProcessStartInfo("tar", ["--zstd", "-xf", Path.Combine(Directory!, $"{name}.tar.zst"), "-C", store])
        {
            RedirectStandardError = true,
        })!;
        var errors = await tar.StandardError.ReadToEndAsync();
        await tar.WaitForExitAsync();
        tar.ExitCode.ShouldBe(0, errors);
        return archive;
    }

    public void Dispose() => System.IO.Directory.Delete(Root, recursive: true);
}
