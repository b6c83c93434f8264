using DuckDB.NET.Data;
using System.Globalization;

namespace Sluice.Sql;

/// <summary>
/// One in-memory DuckDB instance with the house's settings: time zone UTC, a memory limit, a spill directory, and no extension
/// ever fetched. Connections are cheap and made per use; an instance is made per job, so that its temporary tables are its own.
/// </summary>
/// <remarks>
/// A connection serves one thread at a time: work that runs side by side takes one connection each. The instance lives until it
/// and its connections are disposed, in any order.
/// </remarks>
public sealed class DuckDb : IDisposable
{
    private readonly DuckDBConnection _root;
    private readonly DuckDbOptions _options;

    private DuckDb(DuckDBConnection root, DuckDbOptions options)
    {
        _root = root;
        _options = options;
    }

    /// <summary>Opens an instance and loads the prelude (<c>prelude/duckdb.sql</c>).</summary>
    public static DuckDb Open(DuckDbOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var root = new DuckDBConnection("DataSource=:memory:");
        try
        {
            root.Open();
            root.Execute(Settings(options));
            root.Execute(Prelude.DuckDb);
            return new DuckDb(root, options);
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    /// <summary>A connection to this instance; the caller disposes it. Tables and views made on one are seen by all.</summary>
    public DuckDBConnection Connect()
    {
        var connection = _root.Duplicate();
        connection.Open();
        return connection;
    }

    /// <summary>
    /// Runs work that may be run again from its start, with half the threads each time it runs out of memory: DuckDB's operators
    /// hold buffers per thread, so what fails with many may pass with one. The instance must have no other work meanwhile.
    /// </summary>
    /// <exception cref="SqlException">It failed otherwise, or ran out of memory with one thread.</exception>
    public async Task<T> RetryWithFewerThreadsAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(work);
        var threads = _options.Threads;
        try
        {
            while (true)
            {
                try
                {
                    return await work(cancel).ConfigureAwait(false);
                }
                catch (SqlException e) when (e.OutOfMemory && threads > 1)
                {
                    threads /= 2;
                    SetThreads(threads);
                }
            }
        }
        finally
        {
            if (threads != _options.Threads) SetThreads(_options.Threads);
        }
    }

    public void Dispose() => _root.Dispose();

    private void SetThreads(int threads) => _root.Execute(string.Create(CultureInfo.InvariantCulture, $"SET GLOBAL threads = {threads}"));

    private static string Settings(DuckDbOptions options) => string.Create(CultureInfo.InvariantCulture, $"""
        SET GLOBAL autoinstall_known_extensions = false;
        SET GLOBAL autoload_known_extensions = false;
        SET GLOBAL TimeZone = 'UTC';
        SET GLOBAL memory_limit = '{options.MemoryBytesMax}B';
        SET GLOBAL threads = {options.Threads};
        SET GLOBAL temp_directory = {SqlName.Literal(options.TempDirectory ?? "")};
        {(options.TempDirectory is null ? "" : $"SET GLOBAL max_temp_directory_size = '{options.TempBytesMax}B';")}
        SET GLOBAL preserve_insertion_order = {(options.PreserveInsertionOrder ? "true" : "false")};
        """);
}

/// <summary>Bounds of a DuckDB instance.</summary>
/// <param name="TempDirectory">Where it spills; created when missing. Null: it never spills.</param>
/// <param name="MemoryBytesMax">DuckDB's memory_limit in bytes.</param>
/// <param name="Threads">Worker threads.</param>
public sealed record DuckDbOptions(string? TempDirectory, long MemoryBytesMax, int Threads)
{
    /// <summary>Most bytes in <see cref="TempDirectory"/>. 16 GiB: a sort of 10,000,000 raw rows of 800 bytes, written twice.</summary>
    public long TempBytesMax { get; init; } = 16L << 30;

    /// <summary>Whether rows without ORDER BY keep the order they were read in. False lets large writes use less memory.</summary>
    public bool PreserveInsertionOrder { get; init; } = true;
}
