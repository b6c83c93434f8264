using System.Text.Json;
using DuckDB.NET.Data;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Analysis;

/// <summary>
/// Runs a person's SELECT over all tables of the catalog, which are named <c>{namespace}.{table}</c>, each with <c>VERSION AS OF 3</c> or
/// <c>TIMESTAMP AS OF '2026-01-31'</c> behind it where it is to be read as it was. It changes nothing.
/// </summary>
/// <param name="tables">The tables that can be read.</param>
/// <param name="engine">Bounds of the DuckDB instance that each query gets.</param>
/// <param name="prepare">Called with each query's connection before it, to make functions known that read something else.</param>
public sealed class TableQuery(TableCatalog tables, DuckDbOptions engine, Action<DuckDBConnection>? prepare = null)
{
    /// <summary>Runs the query until its first rows are there. Tables are read at the version they have now unless the query says which.</summary>
    /// <exception cref="QueryRefusedException">It is not one SELECT, or travels to a table that is not there.</exception>
    /// <exception cref="TableVersionException">A table has no such version (any more).</exception>
    /// <exception cref="SqlException">DuckDB refused it, e.g. for a column that is not there.</exception>
    public async Task<QueryResult> RunAsync(string sql, CancellationToken cancel)
    {
        var duckDb = DuckDb.Open(engine);
        DuckDBConnection? connection = null;
        try
        {
            connection = duckDb.Connect();
            prepare?.Invoke(connection);
            var past = PastTables.Of(sql);
            var (named, uses) = await NamedAsync(connection, past.Sql, cancel).ConfigureAwait(false);
            await RegisterAsync(connection, past, named, uses, cancel).ConfigureAwait(false);
            connection.Execute("SET GLOBAL lock_configuration = true");
            var rows = await connection.SelectAsync(past.Sql, cancel).ConfigureAwait(false);
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

    private async Task RegisterAsync(DuckDBConnection connection, PastTables past, NamedRelations named, TableUses uses, CancellationToken cancel)
    {
        var names = await tables.ListAsync(cancel).ConfigureAwait(false);
        foreach (var schema in names.Concat(past.Views).Select(n => n.Namespace).Distinct(StringComparer.OrdinalIgnoreCase))
            connection.Execute($"CREATE SCHEMA {SqlName.Quote(schema)}");
        foreach (var view in named.Among([.. names, .. past.Views]))
        {
            var name = past.Find(view) is { } asked ? Known(names, asked.Name) : view;
            // A table that is dropped between the listing and here is not there, as far as this query goes.
            if (await tables.OpenAsync(name, cancel).ConfigureAwait(false) is not { } table) continue;
            var snapshot = await SnapshotAsync(table, past.Find(view), cancel).ConfigureAwait(false);
            var relation = await table.RelationAsync(snapshot, uses.Files(view, snapshot), cancel).ConfigureAwait(false);
            connection.Execute($"CREATE VIEW {SqlName.Quote(view.Namespace)}.{SqlName.Quote(view.Name)} AS SELECT * FROM {relation}");
        }
    }

    private static TableName Known(IReadOnlyList<TableName> names, TableName asked)
    {
        foreach (var name in names)
        {
            if (name.ToString().Equals(asked.ToString(), StringComparison.OrdinalIgnoreCase)) return name;
        }

        throw new QueryRefusedException($"there is no table '{asked}'; 'sluice tables' lists them");
    }

    private static ValueTask<Snapshot> SnapshotAsync(DeltaTable table, PastTable? past, CancellationToken cancel) => past switch
    {
        null => table.SnapshotAsync(cancel),
        { Version: { } version } => table.SnapshotAsync(version, cancel),
        _ => table.SnapshotAsync(past.Time, cancel),
    };
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
