using DuckDB.NET.Data;
using Microsoft.Extensions.Logging;
using Sluice.Objects;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Testing;

/// <summary>
/// A catalog over a private directory, with what tests do to tables again and again. Every commit leaves a checksum, and when the bed is
/// disposed asynchronously, each table in it is held against the protocol.
/// </summary>
public sealed class TableBed : IDisposable, IAsyncDisposable
{
    private readonly bool _owned;

    public TableBed(
        TimeProvider? time = null, Func<IObjectStore, IObjectStore>? wrap = null, Func<TablesOptions, TablesOptions>? options = null,
        string? root = null, ILogger<TableCatalog>? logger = null)
    {
        _owned = root is null;
        Root = root ?? Directory.CreateTempSubdirectory("sluice-tables-").FullName;
        DuckDb = DuckDb.Open(new DuckDbOptions(Path.Combine(Root, "spill"), 512L << 20, 2));
        Connection = DuckDb.Connect();
        Store = LocalObjectStore.OpenBeside(Path.Combine(Root, "store"));
        var tables = new TablesOptions(Path.Combine(Root, "scratch")) { ChecksumInterval = 1 };
        Catalog = new TableCatalog(wrap?.Invoke(Store) ?? Store, time ?? TimeProvider.System, DuckDb, options?.Invoke(tables) ?? tables, logger);
    }

    public static CancellationToken Cancel => CancellationToken.None;

    public string Root { get; }

    /// <summary>Whether tables are held against the protocol in the end; off where a test damages one.</summary>
    public bool Verified { get; init; } = true;

    public LocalObjectStore Store { get; }

    public DuckDb DuckDb { get; }

    public DuckDBConnection Connection { get; }

    public TableCatalog Catalog { get; }

    public static TableSchema Schema(params (string Name, string Type)[] columns) =>
        new([.. columns.Select(c => new TableColumn(c.Name, c.Type, Nullable: true))]);

    public ValueTask<DeltaTable> CreateAsync(string name, params (string Name, string Type)[] columns) =>
        Catalog.OpenOrCreateAsync(new TableName("t", name), Schema(columns), Cancel);

    /// <summary>Writes the rows of a select and commits them on the newest snapshot.</summary>
    public async Task<CommitResult> AppendAsync(DeltaTable table, string select, params SetTransaction[] transactions)
    {
        var basis = await table.SnapshotAsync(Cancel);
        var adds = await table.WriteFilesAsync(Connection, select, Cancel);
        return await table.CommitAsync(basis, Append(adds, transactions), Cancel);
    }

    public static Change Append(IReadOnlyList<AddFile> adds, params SetTransaction[] transactions) =>
        new("WRITE", new Dictionary<string, string> { ["mode"] = "Append" }, adds, Overwrite: false, transactions);

    public static Change Overwrite(IReadOnlyList<AddFile> adds, params SetTransaction[] transactions) =>
        new("WRITE", new Dictionary<string, string> { ["mode"] = "Overwrite" }, adds, Overwrite: true, transactions);

    /// <summary>The rows of a snapshot as text, one line each, in order.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(DeltaTable table, Snapshot? snapshot = null)
    {
        var relation = await table.RelationAsync(snapshot ?? await table.SnapshotAsync(Cancel), Cancel);
        return Rows($"SELECT * FROM {relation}");
    }

    public IReadOnlyList<string> Rows(string sql)
    {
        var rows = new List<string>();
        using var command = Connection.CreateCommand();
        command.CommandText = $"SELECT to_json(whole_row)::VARCHAR FROM ({sql}) whole_row ORDER BY 1";
        using var reader = command.ExecuteReader();
        while (reader.Read()) rows.Add(reader.GetString(0));
        return rows;
    }

    /// <summary>The text of a file of a table's log.</summary>
    public string LogText(DeltaTable table, string file) =>
        File.ReadAllText(Path.Combine(Root, "store", table.Name.Namespace, table.Name.Name, "_delta_log", file));

    public string TableDirectory(DeltaTable table) => Path.Combine(Root, "store", table.Name.Namespace, table.Name.Name);

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_owned && Verified) await VerifyAsync();
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Holds every table against the protocol, as a process reads them that starts now.</summary>
    public async Task VerifyAsync()
    {
        var fresh = new TableCatalog(Store, TimeProvider.System, DuckDb, new TablesOptions(Path.Combine(Root, "scratch")));
        foreach (var name in await fresh.ListAsync(Cancel))
        {
            var breaches = await TableLint.CheckAsync((await fresh.OpenAsync(name, Cancel))!, Cancel);
            if (breaches.Count > 0) throw new InvalidOperationException($"Table {name} breaks the protocol:\n{string.Join('\n', breaches)}");
        }
    }

    public void Dispose()
    {
        Connection.Dispose();
        DuckDb.Dispose();
        if (_owned) Directory.Delete(Root, recursive: true);
    }
}
