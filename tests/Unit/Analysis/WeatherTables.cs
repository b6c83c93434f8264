using Sluice.Analysis;
using Sluice.Definition;
using Sluice.Objects;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;

namespace Sluice.Unit.Analysis;

/// <summary>The tables of the second pipeline in a private folder, with as many rows as a test needs.</summary>
internal sealed class WeatherTables : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DuckDb _duckDb;

    public WeatherTables()
    {
        Pipeline = PipelineFile.Read(Path.Combine(Repository.Root, "tests", "Testing", "pipelines", "weather")).Definition!;
        var options = new DuckDbOptions(_folder.At("spill"), 256L << 20, 1);
        _duckDb = DuckDb.Open(options);
        Directory.CreateDirectory(_folder.At("tables"));
        Catalog = new TableCatalog(
            LocalObjectStore.Open(_folder.At("tables")), TimeProvider.System, _duckDb, new TablesOptions(_folder.At("scratch")));
        Questions = new Questions(Catalog, Pipeline, options, TimeProvider.System);
        Query = new TableQuery(Catalog, options);
    }

    public PipelineDefinition Pipeline { get; }

    public TableCatalog Catalog { get; }

    public Questions Questions { get; }

    public TableQuery Query { get; }

    /// <summary>A file of this folder that does not exist.</summary>
    public string Elsewhere => _folder.At("elsewhere");

    /// <summary>Appends the rows of a select to <c>batch.{dataset}</c>.</summary>
    public async Task AddAsync(string dataset, string select)
    {
        var columns = Pipeline.Datasets.Single(d => d.Name == dataset).Columns;
        var schema = new TableSchema([.. columns.Select(c => new TableColumn(c.Name, c.Type, c.Nullable))]);
        var table = await Catalog.OpenOrCreateAsync(new TableName("batch", dataset), schema, CancellationToken.None);
        using var connection = _duckDb.Connect();
        var files = await table.WriteFilesAsync(connection, select, CancellationToken.None);
        var basis = await table.SnapshotAsync(CancellationToken.None);
        await table.CommitAsync(basis, new Change("WRITE", new Dictionary<string, string>(), files, false, []), CancellationToken.None);
    }

    public async Task AddSomeAsync()
    {
        await AddAsync(
            "station",
            """
            SELECT * FROM (VALUES
              ('ABCD', coordinates(52.1, 5.2), TIMESTAMPTZ '2020-01-01 00:00:00+00', 3.0::DOUBLE),
              ('WXYZ', coordinates(-1, 2), NULL, NULL)) v(code, position, opened, elevation)
            """);
        await AddAsync(
            "reading",
            """
            SELECT i AS serial, CASE WHEN i % 2 = 0 THEN 'ABCD' ELSE 'WXYZ' END AS code,
              TIMESTAMPTZ '2020-01-01 00:00:00+00' AS read_at, i::DOUBLE AS celsius, false AS is_manual
            FROM range(10::BIGINT) r(i)
            """);
    }

    public async Task<List<object?[]>> RowsAsync(string sql)
    {
        using var result = await Query.RunAsync(sql, CancellationToken.None);
        return await result.ReadAsync(CancellationToken.None).ToListAsync();
    }

    public void Dispose()
    {
        _duckDb.Dispose();
        _folder.Dispose();
    }
}
