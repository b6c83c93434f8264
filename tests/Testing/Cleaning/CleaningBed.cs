using System.Text;
using DuckDB.NET.Data;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Cleaning;
using Sluice.Definition;
using Sluice.Objects;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Testing.Cleaning;

/// <summary>A small pipeline of sensor readings with its raw objects and tables, and what tests ask of them.</summary>
public sealed class CleaningBed : IDisposable
{
    public const string Dataset = "reading";
    public const string Topic = "test.reading";

    public const string CleanSql = """
        SELECT
          CAST(id AS INTEGER) AS id, NULLIF(trim(name), '') AS name, score, active, note, _position
        FROM source
        """;

    private readonly string _root = MakeRoot();
    private readonly DuckDb _duckDb;
    private readonly DuckDBConnection _connection;

    public CleaningBed(string cleanSql = CleanSql)
    {
        Pipeline = PipelineOf(cleanSql);
        Options = new CleaningOptions(Path.Combine(_root, "spill")) { Threads = 2, ReadBytes = 64, RowsPerCommitMax = 1000 };
        _duckDb = DuckDb.Open(new DuckDbOptions(Path.Combine(_root, "spill"), 512L << 20, 1));
        _connection = _duckDb.Connect();
        TableStore = LocalObjectStore.OpenBeside(Path.Combine(_root, "tables"));
        Raw = LocalObjectStore.OpenBeside(Path.Combine(_root, "raw"));
        Reopen();
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.Zero));

    public LocalObjectStore Raw { get; }

    public LocalObjectStore TableStore { get; }

    public PipelineDefinition Pipeline { get; set; }

    public CleaningOptions Options { get; set; }

    public TableCatalog Catalog { get; private set; } = null!;

    public Cleaner Cleaner => new(Pipeline, Raw, Catalog, Options, Time, NullLogger<Cleaner>.Instance);

    public Quarantine Quarantine => new(Pipeline, Catalog, Options, Time, NullLogger<Quarantine>.Instance);

    public Ledger Ledger => new(Pipeline, Catalog, Options);

    public static PipelineDefinition PipelineOf(string cleanSql) => new(
        "test", "test", "test",
        [
            new Sluice.Definition.Dataset(
                Dataset, "readings", Topic, "streaming-test-reading", "id", "id",
                [
                    new RawField("id", "bigint", true), new RawField("name", "varchar", true), new RawField("score", "double", false),
                    new RawField("active", "boolean", false), new RawField("note", "varchar", false),
                ],
                new SqlFile("clean/reading.sql", ["source"], "reading", "one row per reading", cleanSql),
                [
                    new CleanColumn("id", "INTEGER", false), new CleanColumn("name", "VARCHAR", false), new CleanColumn("score", "DOUBLE", true),
                    new CleanColumn("active", "BOOLEAN", true), new CleanColumn("note", "VARCHAR", true),
                ],
                [new Check("score_in_range", "score BETWEEN 0 AND 100"), new Check("name_is_short", "length(name) <= 20")]),
        ],
        [],
        new ScheduleDefinition("daily", "@daily", "UTC", false, 0, TimeSpan.Zero, false));

    /// <summary>Gives the dataset these expectations in place of those it had.</summary>
    public void Expect(params Expectation[] expectations) =>
        Pipeline = Pipeline with { Datasets = [.. Pipeline.Datasets.Select(dataset => dataset with { Expectations = expectations })] };

    /// <summary>What was counted per path and expectation, summed over the rows of <c>quality.results</c>.</summary>
    public Task<IReadOnlyList<string>> QualityRowsAsync() => RowsAsync(
        "quality.results", "SELECT path, expectation, action, sum(passed), sum(failed) FROM {t} GROUP BY ALL ORDER BY ALL");

    /// <summary>A fresh catalog over the same tables, as after a restart; through <paramref name="wrap"/> if given.</summary>
    public void Reopen(Func<IObjectStore, IObjectStore>? wrap = null) => Catalog = new TableCatalog(
        wrap?.Invoke(TableStore) ?? TableStore, Time, _duckDb, new TablesOptions(Path.Combine(_root, "scratch")));

    public static string ObjectKey(int partition, long start) => $"topics/{Topic}/partition={partition}/{Topic}+{partition}+{start:D10}.json";

    public Task PutAsync(int partition, long start, params string[] lines) => PutBytesAsync(partition, start, [.. lines.Select(Encoding.UTF8.GetBytes)]);

    public async Task PutBytesAsync(int partition, long start, params byte[][] lines) =>
        await Raw.PutAsync(new ObjectKey(ObjectKey(partition, start)), (byte[])[.. lines.SelectMany(line => (byte[])[.. line, (byte)'\n'])], Cancel);

    public static string Reading(long id, string name = "a") => $$"""{"id":{{id}},"name":"{{name}}"}""";

    public Task<CleanReport> CleanAsync() => Cleaner.CleanAsync(Dataset, Cancel);

    public async Task<LedgerAccount> LedgerAsync(params long[] ends) => await Ledger.ReadAsync(
        Dataset, "batch", [.. ends.Select((end, partition) => new PartitionEnd(partition, end))], Cancel);

    /// <summary>Rows of a select over <c>{t}</c>, a table by name, each row's values joined by '|'.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string table, string select)
    {
        var parts = table.Split('.');
        if (await Catalog.OpenAsync(new TableName(parts[0], parts[1]), Cancel) is not { } opened) return [];
        var relation = await opened.RelationAsync(await opened.SnapshotAsync(Cancel), Cancel);
        return await _connection.ReadAsync(
            select.Replace("{t}", relation, StringComparison.Ordinal),
            row => string.Join('|', Enumerable.Range(0, row.FieldCount).Select(i => Text(row, i))),
            Cancel);
    }

    public Task<IReadOnlyList<string>> CleanRowsAsync() => RowsAsync($"batch.{Dataset}", "SELECT id, name FROM {t} ORDER BY id, name");

    public Task<IReadOnlyList<string>> QuarantineRowsAsync() => RowsAsync(
        $"quarantine.{Dataset}", """SELECT partition, "offset", line, array_to_string(reasons, '; ') FROM {t} ORDER BY 1, 2, 4""");

    public Task<IReadOnlyList<string>> DuplicateRowsAsync() => RowsAsync(
        $"duplicates.{Dataset}", """SELECT partition, "offset", line, key FROM {t} ORDER BY 1, 2""");

    public void Dispose()
    {
        _connection.Dispose();
        _duckDb.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>In memory where the system offers it: these tests stop at store operations, so waiting for the disk proves nothing.</summary>
    private static string MakeRoot()
    {
        const string Memory = "/dev/shm";
        if (!Directory.Exists(Memory)) return Directory.CreateTempSubdirectory("sluice-clean-").FullName;
        return Directory.CreateDirectory(Path.Combine(Memory, $"sluice-clean-{Guid.NewGuid():N}")).FullName;
    }

    private static string Text(DuckDBDataReader row, int column) => row.IsDBNull(column)
        ? "null"
        : Convert.ToString(row.GetValue(column), System.Globalization.CultureInfo.InvariantCulture)!;
}
