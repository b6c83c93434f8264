using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>
/// Merges the small files of tables, with a DuckDB of its own that is opened when first needed. One merge runs at a time, whoever asks,
/// so that it takes one thread of the machine and no more.
/// </summary>
/// <param name="tempDirectory">Where DuckDB spills.</param>
public sealed class TableCompactor(string tempDirectory, CompactionOptions options) : IDisposable
{
    // A row group of 122,880 rows of 1 KiB, once read and once written.
    private const long MemoryBytesMax = 256L << 20;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private DuckDb? _duckDb;
    private DuckDBConnection? _connection;

    /// <summary>Merges until no tier of the table's files is due; what was done, in order. A merge that another writer was in the way of ends it.</summary>
    /// <exception cref="TableUnsupportedException">The table asks writers for a feature that Sluice does not have.</exception>
    public async Task<IReadOnlyList<Compaction>> CompactAsync(DeltaTable table, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (!IsDue(await table.SnapshotAsync(cancel))) return [];
        var done = new List<Compaction>();
        await _turn.WaitAsync(cancel);
        try
        {
            while (await table.CompactAsync(Connection(), options, cancel) is { Commit.Outcome: CommitOutcome.Committed } compaction) done.Add(compaction);
        }
        finally
        {
            _turn.Release();
        }

        return done;
    }

    /// <summary>Whether <see cref="CompactAsync"/> would merge files of this snapshot.</summary>
    public bool IsDue(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return CompactionPlan.Pick(snapshot.Files, options).Count > 0;
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _duckDb?.Dispose();
        _turn.Dispose();
    }

    private DuckDBConnection Connection()
    {
        _duckDb ??= DuckDb.Open(new DuckDbOptions(tempDirectory, MemoryBytesMax, Threads: 1) { PreserveInsertionOrder = false });
        return _connection ??= _duckDb.Connect();
    }
}
