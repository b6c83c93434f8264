using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Analysis;
using Sluice.Definition;
using Sluice.Objects;
using Sluice.Source;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;

namespace Sluice.Conformance.Pipelines;

/// <summary>
/// A pipeline's SQL over a source, without the log between: every row of the source as the JSON that is posted, cleaned by the
/// clean SQL, the first of each key kept, stored as Delta tables, and asked the questions.
/// </summary>
internal sealed class PipelineRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DuckDb _duckDb;
    private readonly DuckDBConnection _connection;
    private readonly TableCatalog _tables;
    private readonly DuckDbOptions _options;

    private PipelineRun(PipelineDefinition pipeline)
    {
        Pipeline = pipeline;
        _options = new DuckDbOptions(_folder.At("spill"), 1L << 30, 2);
        _duckDb = DuckDb.Open(_options);
        _connection = _duckDb.Connect();
        Directory.CreateDirectory(_folder.At("tables"));
        var objects = LocalObjectStore.Open(_folder.At("tables"));
        _tables = new TableCatalog(objects, TimeProvider.System, _duckDb, new TablesOptions(_folder.At("scratch")));
        Questions = new Questions(_tables, pipeline, _options, TimeProvider.System);
        Query = new TableQuery(_tables, _options);
    }

    public PipelineDefinition Pipeline { get; }

    public Questions Questions { get; }

    public TableQuery Query { get; }

    /// <summary>Rows that no clean row came of, by dataset.</summary>
    public Dictionary<string, long> Quarantined { get; } = [];

    public static PipelineDefinition Define(string directory)
    {
        var parse = PipelineFile.Read(directory);
        parse.Faults.ShouldBeEmpty();
        return parse.Definition!;
    }

    /// <summary>Cleans all rows of the source into the tables batch.*.</summary>
    public static async Task<PipelineRun> CleanAsync(PipelineDefinition pipeline, IRowSource source)
    {
        var run = new PipelineRun(pipeline);
        foreach (var dataset in pipeline.Datasets) await run.CleanAsync(dataset, source);
        return run;
    }

    /// <summary>The rows of a query, each as a line of CSV.</summary>
    public async Task<IReadOnlyList<string>> LinesAsync(string sql)
    {
        using var result = await Query.RunAsync(sql, CancellationToken.None);
        var header = string.Join(',', result.Columns.Select(c => c.Name));
        return [header, .. await result.ReadAsync(CancellationToken.None).Select(IndependentAnswers.Line).ToListAsync()];
    }

    public void Dispose()
    {
        _connection.Dispose();
        _duckDb.Dispose();
        _folder.Dispose();
    }

    private async Task CleanAsync(Dataset dataset, IRowSource source)
    {
        var file = _folder.At($"{dataset.Name}.ndjson");
        await using (var stream = File.Create(file))
        {
            await foreach (var row in source.ReadAsync(dataset.Table, 0, long.MaxValue, CancellationToken.None))
            {
                await stream.WriteAsync(row);
                stream.WriteByte((byte)'\n');
            }
        }

        var fields = string.Join(", ", dataset.Raw.Select(f => $"{SqlName.Literal(f.Name)}: {SqlName.Literal(f.Type)}"));
        _connection.Execute(
            $$"""
            CREATE OR REPLACE TEMP TABLE source AS SELECT *, row_number() OVER () - 1 AS _position
            FROM read_json({{SqlName.Literal(file)}}, format = 'newline_delimited', columns = { {{fields}} })
            """);
        _connection.Execute(dataset.Clean.Within("CREATE OR REPLACE TEMP TABLE cleaned AS", ""));
        var conditions = dataset.Columns.Where(c => !c.Nullable).Select(c => $"{SqlName.Quote(c.Name)} IS NOT NULL")
            .Concat(dataset.Checks.Select(c => $"({c.Sql}) IS NOT FALSE"));
        var valid = string.Join(" AND ", conditions);
        var bad = await _connection.ReadAsync($"SELECT count(*) FROM cleaned WHERE NOT ({valid})", r => r.GetInt64(0), CancellationToken.None);
        Quarantined[dataset.Name] = bad[0];

        var key = SqlName.Quote(dataset.Key);
        var select = $"SELECT * EXCLUDE (_position) FROM cleaned WHERE {valid} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _position) = 1";
        var schema = new TableSchema([.. dataset.Columns.Select(c => new TableColumn(c.Name, c.Type, c.Nullable))]);
        var table = await _tables.OpenOrCreateAsync(new TableName("batch", dataset.Name), schema, CancellationToken.None);
        var files = await table.WriteFilesAsync(_connection, select, CancellationToken.None);
        var basis = await table.SnapshotAsync(CancellationToken.None);
        var result = await table.CommitAsync(basis, new Change("WRITE", new Dictionary<string, string>(), files, false, []), CancellationToken.None);
        result.Outcome.ShouldBe(CommitOutcome.Committed, result.Reason);
    }
}
