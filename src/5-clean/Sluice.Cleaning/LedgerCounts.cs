using DuckDB.NET.Data;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>
/// Counts in one dataset's tables. Rows at or behind a partition's position are from an attempt that was not committed and do not count;
/// and a replay that was committed but has not yet reached the quarantine and the duplicates counts as if it had.
/// </summary>
internal sealed class LedgerCounts : IDisposable
{
    // Counting reads two narrow columns.
    private const long MemoryBytesMax = 256L << 20;

    private readonly CleaningTarget _target;
    private readonly DuckDb _duckDb;
    private readonly DuckDBConnection _connection;
    private TableState? _clean;
    private TableState? _quarantine;
    private TableState? _duplicates;
    private TableState? _replayed;

    private LedgerCounts(CleaningTarget target, CleaningOptions options)
    {
        _target = target;
        _duckDb = DuckDb.Open(new DuckDbOptions(options.TempDirectory, Math.Min(MemoryBytesMax, options.MemoryBytesMax), options.Threads));
        _connection = _duckDb.Connect();
    }

    public static async Task<LedgerCounts> OpenAsync(
        TableCatalog tables, CleaningTarget target, CleaningOptions options, CancellationToken cancel)
    {
        var counts = new LedgerCounts(target, options);
        try
        {
            // Of a commit to the clean table the others hold their part already, and what they hold beyond it does not count; only a
            // replay that went on meanwhile has taken rows from the quarantine that the clean table read here lacks.
            do await counts.ReadAsync(tables, cancel);
            while (counts.IsOvertaken());
            return counts;
        }
        catch
        {
            counts.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        _duckDb.Dispose();
    }

    public long PositionOf(int partition) => _clean?.Snapshot.TransactionVersion(_target.PositionId(partition)) ?? 0;

    public long SkippedOf(int partition) => _clean?.Snapshot.TransactionVersion(_target.SkippedId(partition)) ?? 0;

    public long WithoutRecordOf(int partition) => _clean?.Snapshot.TransactionVersion(_target.WithoutRecordId(partition)) ?? 0;

    public long DroppedOf(int partition) => _clean?.Snapshot.TransactionVersion(_target.DroppedId(_target.Topic, partition)) ?? 0;

    public async Task<long> CleanAsync(CancellationToken cancel)
    {
        if (_clean is null) return 0;
        return _clean.Snapshot.RowCount
            ?? (await _connection.ReadAsync($"SELECT count(*) FROM {_clean.Relation}", row => row.GetInt64(0), cancel))[0];
    }

    public async Task<long> QuarantinedAsync(int partition, long position, CancellationToken cancel) =>
        await CountAsync(_quarantine, partition, position, cancel)
        - await ReplayedAsync(_quarantine, $"verdict <> '{Replay.StillQuarantined}'", partition, cancel);

    public async Task<long> DuplicatesAsync(int partition, long position, CancellationToken cancel) =>
        await CountAsync(_duplicates, partition, position, cancel)
        + await ReplayedAsync(_duplicates, $"verdict = '{Replay.Duplicate}'", partition, cancel);

    private async ValueTask ReadAsync(TableCatalog tables, CancellationToken cancel)
    {
        _clean = await StateAsync(tables, DatasetTables.CleanName(_target), cancel);
        _quarantine = await StateAsync(tables, DatasetTables.QuarantineName(_target.Dataset), cancel);
        _duplicates = await StateAsync(tables, DatasetTables.DuplicatesName(_target.Dataset), cancel);
        _replayed = await StateAsync(tables, DatasetTables.ReplayedName(_target.Dataset), cancel);
    }

    private bool IsOvertaken() => Math.Max(ReplayOf(_quarantine), ReplayOf(_duplicates)) > ReplayOf(_clean);

    private long ReplayOf(TableState? table) => table?.Snapshot.TransactionVersion(_target.ReplayId) ?? 0;

    private static async ValueTask<TableState?> StateAsync(TableCatalog tables, TableName name, CancellationToken cancel)
    {
        if (await tables.OpenAsync(name, cancel) is not { } table) return null;
        var snapshot = await table.SnapshotAsync(cancel);
        return new TableState(snapshot, await table.RelationAsync(snapshot, cancel));
    }

    private async Task<long> CountAsync(TableState? table, int partition, long position, CancellationToken cancel)
    {
        if (table is null) return 0;
        var counts = await _connection.ReadAsync(
            $"""SELECT count(*) FROM {table.Relation} WHERE path = $1 AND topic = $2 AND partition = $3 AND "offset" < $4""",
            row => row.GetInt64(0), cancel, _target.Path, _target.Topic, partition, position);
        return counts[0];
    }

    /// <summary>Records of the last committed replay, if the table has not taken it in.</summary>
    private async Task<long> ReplayedAsync(TableState? table, string condition, int partition, CancellationToken cancel)
    {
        var committed = ReplayOf(_clean);
        if (_replayed is null || ReplayOf(table) >= committed) return 0;
        var counts = await _connection.ReadAsync(
            $"SELECT count(*) FROM {_replayed.Relation} WHERE path = $1 AND topic = $2 AND partition = $3 AND replay = $4 AND {condition}",
            row => row.GetInt64(0), cancel, _target.Path, _target.Topic, partition, committed);
        return counts[0];
    }

    private sealed record TableState(Snapshot Snapshot, string Relation);
}
