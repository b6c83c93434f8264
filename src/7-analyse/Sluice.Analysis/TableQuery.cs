using System.Text.Json;
using DuckDB.NET.Data;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Analysis;

/// <summary>Runs a person's SELECT over all tables of the catalog, which are named <c>{namespace}.{table}</c>. It changes nothing.</summary>
/// <param name="tables">The tables that can be read.</param>
/// <param name="engine">Bounds of the DuckDB instance that each query gets.</param>
/// <param name="prepare">Called with each query's connection before it, to make functions known that read something else.</param>
public sealed class TableQuery(TableCatalog tables, DuckDbOptions engine, Action<DuckDBConnection>? prepare = null)
{
    /// <summary>Runs the query until its first rows are there. All tables are read at the version they have now.</summary>
    /// <exception cref="QueryRefusedException">It is not one SELECT.</exception>
    /// <exception cref="SqlException">DuckDB refused it, e.g. for a column that is not there.</exception>
    public async Task<QueryResult> RunAsync(string sql, CancellationToken cancel)
    {
        var duckDb = DuckDb.Open(engine);
        DuckDBConnection? connection = null;
        try
        {
            connection = duckDb.Connect();
            prepare?.Invoke(connection);
            var (named, uses) = await NamedAsync(connection, sql, cancel).ConfigureAwait(false);
            await RegisterAsync(connection, named, uses, cancel).ConfigureAwait(false);
            connection.Execute("SET GLOBAL lock_configuration = true");
            var rows = await connection.SelectAsync(sql, cancel).ConfigureAwait(false);
            return new QueryResult(duckDb, connection, rows);
        }
        catch
        {
            connection?.Dispose();
            duckDb.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The relations that the statement names. DuckDB's parser serialises a SELECT and nothing else, and so tells apart what reads
    /// from what writes, attaches, copies or sets.
    /// </summary>
    private static async Task<(NamedRelations Named, TableUses Uses)> NamedAsync(DuckDBConnection connection, string sql, CancellationToken cancel)
    {
        var trees = await connection
            .ReadAsync("SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR)", r => r.GetString(0), cancel, sql).ConfigureAwait(false);
        using var tree = JsonDocument.Parse(trees[0], new JsonDocumentOptions { MaxDepth = 1000 });
        if (tree.RootElement.GetProperty("error").GetBoolean())
        {
            var isSyntax = tree.RootElement.GetProperty("error_type").GetString() == "parser";
            throw new QueryRefusedException(isSyntax
                ? tree.RootElement.GetProperty("error_message").GetString()!
                : "only a SELECT is run here; tables change through the pipeline");
        }

        if (tree.RootElement.GetProperty("statements").GetArrayLength() != 1)
            throw new QueryRefusedException("one SELECT is run at a time; give them one by one");
        var root = tree.RootElement.Clone();
        return (NamedRelations.Of(root), TableUses.Of(root));
    }

    private async Task RegisterAsync(DuckDBConnection connection, NamedRelations named, TableUses uses, CancellationToken cancel)
    {
        var names = await tables.ListAsync(cancel).ConfigureAwait(false);
        foreach (var schema in names.Select(n => n.Namespace).Distinct()) connection.Execute($"CREATE SCHEMA {SqlName.Quote(schema)}");
        foreach (var name in named.Among(names))
        {
            // A table that is dropped between the listing and here is not there, as far as this query goes.
            if (await tables.OpenAsync(name, cancel).ConfigureAwait(false) is not { } table) continue;
            var snapshot = await table.SnapshotAsync(cancel).ConfigureAwait(false);
            var relation = await table.RelationAsync(snapshot, uses.Files(name, snapshot), cancel).ConfigureAwait(false);
            connection.Execute($"CREATE VIEW {SqlName.Quote(name.Namespace)}.{SqlName.Quote(name.Name)} AS SELECT * FROM {relation}");
        }
    }
}

/// <summary>Columns and rows of a query; dispose it to free the engine.</summary>
public sealed class QueryResult : IDisposable
{
    private readonly DuckDb _duckDb;
    private readonly DuckDBConnection _connection;
    private readonly SqlRows _rows;

    internal QueryResult(DuckDb duckDb, DuckDBConnection connection, SqlRows rows)
    {
        _duckDb = duckDb;
        _connection = connection;
        _rows = rows;
    }

    public IReadOnlyList<ResultColumn> Columns => _rows.Columns;

    /// <summary>The rows as they come, once; a value is null, a .NET number, string, bool, DateTime, a list of such, or a dictionary.</summary>
    public IAsyncEnumerable<object?[]> ReadAsync(CancellationToken cancel) =>
        _rows.ReadAsync(
            reader =>
            {
                var values = new object?[Columns.Count];
                for (var i = 0; i < values.Length; i++) values[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
                return values;
            },
            cancel);

    public void Dispose()
    {
        _rows.Dispose();
        _connection.Dispose();
        _duckDb.Dispose();
    }
}

/// <summary>The statement is not one that a query may be.</summary>
public sealed class QueryRefusedException(string reason) : Exception($"The query is refused: {reason}.");
