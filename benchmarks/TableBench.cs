using System.Diagnostics;
using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Objects;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Bench;

/// <summary>
/// Delta tables on the local disk: appending beside a bare COPY, commits, a snapshot of many files, many small commits, and a large merge. Each
/// figure begins with stores of its own.
/// </summary>
internal static class TableBench
{
    private const int Rounds = 5;

    /// <summary>A round takes a third of a second, of which a passing sync of the disk can be half: the median needs many.</summary>
    private const int AppendRounds = 21;

    private const int Commits = 200;
    private const int SnapshotFiles = 300_000;
    private const int SmallCommits = 1000;

    /// <summary>DuckDB's memory, as the batch path's: what it holds beside (files being read and written) is as much again, and the merge's bound is 1.5 GB.</summary>
    private const long MemoryBytes = 640L << 20;

    private static readonly string s_rows = "range AS id, range % 1000 AS kind, CAST(range AS VARCHAR) || ' of many' AS name, range / 7.0 AS score, "
        + "TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(range) AS at";

    private static readonly TableSchema s_schema = new(
    [
        new("id", "BIGINT", false), new("kind", "BIGINT", true), new("name", "VARCHAR", true), new("score", "DOUBLE", true),
        new("at", "TIMESTAMP WITH TIME ZONE", true),
    ]);

    private static long AppendRows { get; } = FromEnvironment("ROWS", 1_000_000);

    private static long MergeTarget { get; } = FromEnvironment("MERGE_ROWS", 10_000_000);

    public static async Task RunAsync(CancellationToken cancel)
    {
        // First, because its memory is measured: what the others leave behind would count as its own.
        await InDirectoryAsync(MergeAsync, cancel);
        await InDirectoryAsync(AppendAsync, cancel);
        await InDirectoryAsync(CommitAsync, cancel);
        await InDirectoryAsync(SnapshotAsync, cancel);
        await InDirectoryAsync(SmallCommitsAsync, cancel);
    }

    /// <summary>
    /// The same rows, the same codec and row groups, in turns; the ratio is taken round by round. A bare COPY leaves its file to the system's
    /// cache: it is written out before the append begins, whose own syncs would pay for it otherwise.
    /// </summary>
    private static async Task AppendAsync(Place place, CancellationToken cancel)
    {
        var table = await place.Tables.OpenOrCreateAsync(new TableName("bench", "append"), s_schema, cancel);
        await place.Connection.ExecuteAsync($"CREATE TABLE rows AS SELECT {s_rows} FROM range({AppendRows})", cancel);
        List<Cost> ours = [], bare = [];
        for (var round = 0; round <= AppendRounds; round++)
        {
            var file = Path.Combine(place.Root, $"bare{round}.parquet");
            bare.Add(await CostAsync(() => place.Connection.ExecuteAsync($"COPY (FROM rows) TO {SqlName.Literal(file)} (FORMAT parquet, COMPRESSION zstd)", cancel)));
            Sync(file);
            ours.Add(await CostAsync(async () => await AppendAsync(table, place.Connection, "FROM rows", cancel)));
        }

        // The first round is for the compiler and the caches.
        bare.RemoveAt(0);
        ours.RemoveAt(0);
        Figure.Print("tables", "append", AppendRows / Figure.Median(Seconds(ours)), "rows/s", new { rows = AppendRows });
        Figure.Print("tables", "bare_copy_to_parquet", AppendRows / Figure.Median(Seconds(bare)), "rows/s");
        Figure.Print("tables", "append_ratio", Figure.Median([.. bare.Zip(ours, (b, o) => b.Seconds / o.Seconds)]), "of the bare COPY");
        Figure.Print("tables", "append_processor_ratio", Figure.Median([.. bare.Zip(ours, (b, o) => b.Processor / o.Processor)]), "of the bare COPY's user and system time");

        static List<double> Seconds(List<Cost> costs) => [.. costs.Select(c => c.Seconds)];
    }

    /// <summary>Commits alone, without data files; beside a synced write of as many bytes, which is what the disk takes of it.</summary>
    private static async Task CommitAsync(Place place, CancellationToken cancel)
    {
        var table = await place.Tables.OpenOrCreateAsync(new TableName("bench", "commit"), s_schema, cancel);
        List<double> commits = [], writes = [];
        for (var i = 0; i < Commits; i++)
        {
            var basis = await table.SnapshotAsync(cancel);
            commits.Add(1000 * await SecondsAsync(async () => Require(await table.CommitAsync(basis, Append([Unread(i)]), cancel))));
            writes.Add(1000 * await SecondsAsync(() => WriteSyncedAsync(Path.Combine(place.Root, $"w{i}"), cancel)));
        }

        Figure.Print("tables", "commit_p50", Figure.Median(commits), "ms", new { commits = Commits, p99 = commits.Order().ElementAt(Commits * 99 / 100) });
        Figure.Print("tables", "synced_write_p50", Figure.Median(writes), "ms");
    }

    private static async Task SnapshotAsync(Place place, CancellationToken cancel)
    {
        const int PerCommit = 10_000;
        var name = new TableName("bench", "snapshot");
        var table = await place.Tables.OpenOrCreateAsync(name, s_schema, cancel);
        for (var first = 0; first < SnapshotFiles; first += PerCommit)
        {
            var files = Enumerable.Range(first, PerCommit).Select(Unread).ToList();
            Require(await table.CommitAsync(await table.SnapshotAsync(cancel), Append(files), cancel));
        }

        await table.CheckpointAsync(cancel);
        var seconds = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var opened = await place.Anew().OpenAsync(name, cancel) ?? throw new InvalidOperationException($"There is no {name}.");
            seconds.Add(await SecondsAsync(async () => RequireCount((await opened.SnapshotAsync(cancel)).Files.Count, SnapshotFiles)));
        }

        Figure.Print("tables", "snapshot", Figure.Median(seconds), "s", new { files = SnapshotFiles, slowest = seconds.Max() });
    }

    private static async Task SmallCommitsAsync(Place place, CancellationToken cancel)
    {
        const int RowsPerCommit = 100;
        var table = await place.Tables.OpenOrCreateAsync(new TableName("bench", "small"), s_schema, cancel);
        var writing = await SecondsAsync(async () =>
        {
            for (var i = 0; i < SmallCommits; i++)
                await AppendAsync(table, place.Connection, $"SELECT {s_rows} FROM range({i * RowsPerCommit}, {(i + 1) * RowsPerCommit})", cancel);
        });
        Figure.Print("tables", "small_commits", SmallCommits / writing, "commits/s", new { rows = RowsPerCommit });
        await QueryAsync("query_after_small_commits", cancel);
        using var compactor = new TableCompactor(Path.Combine(place.Root, "compact"), new CompactionOptions());
        await compactor.CompactAsync(table, cancel);
        await QueryAsync("query_after_compaction", cancel);

        async Task QueryAsync(string figure, CancellationToken token)
        {
            var files = (await table.SnapshotAsync(token)).Files.Count;
            var seconds = await SecondsAsync(async () =>
            {
                var relation = await table.RelationAsync(await table.SnapshotAsync(token), token);
                RequireCount((await place.Connection.ReadAsync($"SELECT count(DISTINCT id) FROM {relation}", row => row.GetInt64(0), token))[0], SmallCommits * RowsPerCommit);
            });
            Figure.Print("tables", figure, seconds, "s", new { files });
        }
    }

    /// <summary>Half of the source's rows are spread over the table and update it, half are new.</summary>
    private static async Task MergeAsync(Place place, CancellationToken cancel)
    {
        const int Merged = 100_000;
        var table = await place.Tables.OpenOrCreateAsync(new TableName("bench", "merge"), s_schema, cancel);
        await AppendAsync(table, place.Connection, $"SELECT {s_rows} FROM range({MergeTarget})", cancel);
        var step = MergeTarget / (Merged / 2);
        var source = $"SELECT * REPLACE (name || ' merged' AS name) FROM (SELECT {s_rows} FROM range(0, {MergeTarget}, {step}) "
            + $"UNION ALL SELECT {s_rows} FROM range({MergeTarget}, {MergeTarget + (Merged / 2)}))";
        var all = MergeClause.AllFromSource(s_schema);
        var merge = new Merge(
            source, "target.id = source.id", [new(MergeRows.Matched, MergeAction.Update, null, all), new(MergeRows.NotMatched, MergeAction.Insert, null, all)]);
        var before = (await table.SnapshotAsync(cancel)).Files.Count;
        Memory.ForgetPeak();
        RowChange? change = null;
        var seconds = await SecondsAsync(async () => change = await table.MergeAsync(place.Connection, merge, cancel));
        if (change is not { Done: true, RowsUpdated: Merged / 2, RowsInserted: Merged / 2 }) throw new InvalidOperationException($"The merge did {change}.");
        Figure.Print("tables", "merge", seconds, "s", new { rows = Merged, into = MergeTarget, files = before });
        Figure.Print("tables", "merge_peak_memory", Memory.PeakBytes() / 1e6, "MB");
    }

    private static async Task AppendAsync(DeltaTable table, DuckDBConnection connection, string select, CancellationToken cancel)
    {
        var basis = await table.SnapshotAsync(cancel);
        Require(await table.CommitAsync(basis, Append(await table.WriteFilesAsync(connection, select, cancel)), cancel));
    }

    private static Change Append(IReadOnlyList<AddFile> files) =>
        new("WRITE", new Dictionary<string, string> { ["mode"] = "Append" }, files, Overwrite: false, []);

    /// <summary>A file that only the log knows, with stats as a data file of the table has them.</summary>
    private static AddFile Unread(int number)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"part-{number:00000000}-00000000-0000-4000-8000-000000000000-c000.zstd.parquet");
        var least = string.Create(CultureInfo.InvariantCulture, $$$"""{"id":{{{number * 1000L}}},"kind":0,"name":"a {{{number}}}","score":0.5}""");
        var most = string.Create(CultureInfo.InvariantCulture, $$$"""{"id":{{{(number * 1000L) + 999}}},"kind":999,"name":"z {{{number}}}","score":99.5}""");
        var stats = $$$"""{"numRecords":1000,"minValues":{{{least}}},"maxValues":{{{most}}},"nullCount":{"id":0,"kind":0,"name":0,"score":0,"at":0}}""";
        return new AddFile(path, 1_000_000, 1_700_000_000_000 + number, stats);
    }

    private static void Require(CommitResult result)
    {
        if (result.Outcome != CommitOutcome.Committed) throw new InvalidOperationException($"A commit ended as {result}.");
    }

    private static void RequireCount(long actual, long expected)
    {
        if (actual != expected) throw new InvalidOperationException($"There are {actual} instead of {expected}.");
    }

    private static async Task WriteSyncedAsync(string path, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        await file.WriteAsync(new byte[1000], cancel);
        file.Flush(flushToDisk: true);
    }

    private static void Sync(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    private static async Task<Cost> CostAsync(Func<Task> work)
    {
        var before = Environment.CpuUsage.TotalTime;
        var seconds = await SecondsAsync(work);
        return new Cost(seconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }

    private static async Task<double> SecondsAsync(Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return clock.Elapsed.TotalSeconds;
    }

    private static async Task InDirectoryAsync(Func<Place, CancellationToken, Task> bench, CancellationToken cancel)
    {
        using var place = new Place();
        await bench(place, cancel);
    }

    private static long FromEnvironment(string name, long absent) =>
        long.Parse(Environment.GetEnvironmentVariable(name) ?? absent.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <param name="Processor">User and system time of this process.</param>
    private readonly record struct Cost(double Seconds, double Processor);

    /// <summary>A directory with a catalog in it.</summary>
    private sealed class Place : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-bench-");
        private readonly DuckDb _duckDb;

        public Place()
        {
            _duckDb = DuckDb.Open(new DuckDbOptions(Path.Combine(Root, "spill"), MemoryBytes, Environment.ProcessorCount) { PreserveInsertionOrder = false });
            Connection = _duckDb.Connect();
            Tables = Anew();
        }

        public string Root => _directory.FullName;

        public DuckDBConnection Connection { get; }

        public TableCatalog Tables { get; }

        /// <summary>A catalog that knows nothing yet.</summary>
        public TableCatalog Anew() => new(
            LocalObjectStore.Open(Path.Combine(Root, "store")), TimeProvider.System, _duckDb, new TablesOptions(Path.Combine(Root, "scratch")));

        public void Dispose()
        {
            Connection.Dispose();
            _duckDb.Dispose();
            _directory.Delete(recursive: true);
        }
    }

    /// <summary>Resident memory of this process, as Linux counts it.</summary>
    private static class Memory
    {
        /// <summary>https://www.kernel.org/doc/html/latest/filesystems/proc.html: 5 resets the peak.</summary>
        public static void ForgetPeak()
        {
            GC.Collect();
            File.WriteAllText("/proc/self/clear_refs", "5");
        }

        public static long PeakBytes()
        {
            var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
    }
}
