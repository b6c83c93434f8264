using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Does to a table, one after the other, what keeps it small and quick to read. One table at a time, whoever asks.</summary>
/// <param name="tempDirectory">Where DuckDB spills.</param>
/// <param name="memoryBytesMax">DuckDB's memory while it orders rows.</param>
public sealed class TableMaintenance(string tempDirectory, long memoryBytesMax) : IDisposable
{
    /// <summary>Tries of an ordering that others are in the way of: each begins from the newest version, and a merge of the stream job takes a second.</summary>
    private const int AttemptsMax = 5;

    private readonly TableCompactor _compactor = new(tempDirectory, new CompactionOptions());
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <exception cref="TableSchemaException">A column to order by is not the table's.</exception>
    /// <exception cref="TableUnsupportedException">The retention is shorter than the table's, or the table asks writers for a feature that Sluice does not have.</exception>
    /// <exception cref="TableBusyException">Other writers removed files too often while they were ordered.</exception>
    public async Task<MaintenanceReport> RunAsync(DeltaTable table, MaintenanceOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(options);
        await _turn.WaitAsync(cancel);
        try
        {
            var merges = options.Compact ? await _compactor.CompactAsync(table, cancel) : [];
            var order = options.ZOrderBy.Count > 0 ? await OrderAsync(table, options.ZOrderBy, cancel) : null;
            var vacuum = options.Vacuum ? await table.VacuumAsync(new VacuumOptions { Retention = options.Retention }, cancel) : null;
            var log = options.CleanLog ? await CleanLogAsync(table, cancel) : 0;
            return new MaintenanceReport(
                merges.Sum(merge => merge.Removed.Count), merges.Sum(merge => merge.Added.Count), order?.Removed.Count ?? 0, order?.Added.Count ?? 0,
                vacuum?.Files.Count ?? 0, vacuum?.Bytes ?? 0, log);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _compactor.Dispose();
        _turn.Dispose();
    }

    private async Task<Compaction?> OrderAsync(DeltaTable table, IReadOnlyList<string> columns, CancellationToken cancel)
    {
        // Ordering needs memory for as long as it lasts, so it gets an instance of its own.
        using var duckDb = DuckDb.Open(new DuckDbOptions(tempDirectory, memoryBytesMax, Threads: 1));
        using var connection = duckDb.Connect();
        var options = new OptimizeOptions { ZOrderBy = columns, OnlyUnordered = true };
        for (var attempt = 1; ; attempt++)
        {
            var done = await table.OptimizeAsync(connection, options, cancel);
            if (done is null or { Commit.Outcome: CommitOutcome.Committed }) return done;
            if (attempt == AttemptsMax) throw new TableBusyException(table.Name, attempt, done.Commit);
        }
    }

    private static async Task<int> CleanLogAsync(DeltaTable table, CancellationToken cancel)
    {
        // A checkpoint as young as possible is what the next clean-up needs, when it is old enough.
        await table.CheckpointAsync(cancel);
        return await table.CleanLogAsync(cancel);
    }
}

/// <summary>What <see cref="TableMaintenance"/> does to a table.</summary>
public sealed record MaintenanceOptions
{
    /// <summary>Whether small files are merged.</summary>
    public bool Compact { get; init; } = true;

    /// <summary>Columns along whose Z-curve the rows of files are ordered that are not yet; none for no ordering.</summary>
    public IReadOnlyList<string> ZOrderBy { get; init; } = [];

    /// <summary>Whether files out of use are deleted.</summary>
    public bool Vacuum { get; init; } = true;

    /// <summary>How long a file must be out of use; null for what the table says.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Whether a checkpoint is written, and the log deleted that is older than the table's retention.</summary>
    public bool CleanLog { get; init; } = true;
}

/// <summary>What was done to a table.</summary>
/// <param name="FilesMerged">Small files that were merged into <paramref name="FilesMade"/>.</param>
/// <param name="FilesOrdered">Files whose rows were put in order, into <paramref name="FilesInOrder"/>.</param>
/// <param name="FilesDeleted">Files out of use that were deleted.</param>
/// <param name="LogFilesDeleted">Commits and checkpoints that were deleted.</param>
public sealed record MaintenanceReport(
    int FilesMerged, int FilesMade, int FilesOrdered, int FilesInOrder, int FilesDeleted, long BytesDeleted, int LogFilesDeleted);

/// <summary>Other writers were in the way of an ordering too often; the table is as they left it.</summary>
public sealed class TableBusyException(TableName table, int attempts, CommitResult last)
    : Exception($"Table {table} was not put in order: others were first {attempts} times, the last time because {last.Reason}. Run it when less is written.");
