using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Writes the state of a version as a classic checkpoint, and the pointer to it.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoints</remarks>
internal sealed class CheckpointWriter(TableCatalog catalog, TableName table, TableLog log)
{
    /// <summary>Written out when it reaches this: large writes, little memory.</summary>
    private const int BufferBytes = 1 << 16;

    /// <summary>DuckDB's own default for one JSON object; a longer action raises it.</summary>
    private const int ObjectBytesMin = 16 << 20;

    // The newest one written here; another writer's do no harm.
    private long _last;

    /// <summary>
    /// Writes a checkpoint when the version is due for one. The commit stands whatever happens here: a failure is logged, readers go
    /// on from the checkpoint before, and the next due version tries again.
    /// </summary>
    /// <returns>The snapshot as the checkpoint has it: without removes that are expired; null when none was written.</returns>
    public async ValueTask<Snapshot?> WriteIfDueAsync(Snapshot snapshot)
    {
        if (!IsDue(snapshot)) return null;
        try
        {
            await WriteAsync(snapshot, CancellationToken.None);
            _last = snapshot.Version;
            var eldest = CheckpointActions.EldestKept(catalog.Options.RetentionOf(snapshot.Metadata), catalog.Time);
            return new Snapshot(snapshot.State.WithoutTombstones(eldest), snapshot);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqlException)
        {
            catalog.Logger.LogWarning(e, "Table {Table}: version {Version} is committed, but its checkpoint could not be written", table, snapshot.Version);
            return null;
        }
    }

    public async ValueTask WriteAsync(Snapshot snapshot, CancellationToken cancel)
    {
        using var folder = catalog.Scratch.Open();
        var rows = Path.Combine(folder.Path, "actions.json");
        var parquet = Path.Combine(folder.Path, "checkpoint.parquet");
        var (count, longest) = await WriteRowsAsync(rows, CheckpointActions.Of(snapshot.State, catalog.Options.RetentionOf(snapshot.Metadata), catalog.Time), cancel);
        using (var connection = catalog.DuckDb.Connect())
        {
            var copy = string.Create(CultureInfo.InvariantCulture, $"""
                COPY (SELECT {CheckpointActions.ColumnNames} FROM read_json({SqlName.Literal(rows)}, format = 'newline_delimited',
                maximum_object_size = {Math.Max(ObjectBytesMin, longest * 2)}, columns = {CheckpointActions.ColumnTypes}))
                TO {SqlName.Literal(parquet)} (FORMAT parquet, COMPRESSION snappy)
                """);
            await connection.ExecuteAsync(copy, cancel);
        }

        var file = await catalog.Objects.PutFileAsync(log.Key(LogFile.CheckpointName(snapshot.Version)), parquet, cancel);
        var hint = LastCheckpoint.Write(snapshot.Version, count, file.Size, snapshot.Files.Count);
        await catalog.Objects.PutAsync(log.Key(LastCheckpoint.Name), hint, cancel);
    }

    /// <summary>A checkpoint costs what it holds, so one that holds much is written after as many more commits.</summary>
    private bool IsDue(Snapshot snapshot)
    {
        var interval = Interval(snapshot);
        if (snapshot.Version == 0 || snapshot.Version % interval != 0) return false;
        var actions = (long)snapshot.State.Files.Count + snapshot.State.Tombstones.Count;
        return snapshot.Version - _last >= interval * (1 + (actions / catalog.Options.CheckpointActionsPerInterval));
    }

    private int Interval(Snapshot snapshot) =>
        int.TryParse(snapshot.Metadata.Configuration.GetValueOrDefault("delta.checkpointInterval"), CultureInfo.InvariantCulture, out var interval) && interval > 0
            ? interval
            : catalog.Options.CheckpointInterval;

    private static async ValueTask<(long Count, long Longest)> WriteRowsAsync(string path, IEnumerable<ILogAction> actions, CancellationToken cancel)
    {
        var buffer = new ArrayBufferWriter<byte>(BufferBytes * 2);
        using var writer = new ActionWriter(buffer);
        await using var file = File.Create(path, bufferSize: 0);
        var (count, longest) = (0L, 0L);
        foreach (var action in actions)
        {
            var before = buffer.WrittenCount;
            writer.Write(action);
            count++;
            longest = Math.Max(longest, buffer.WrittenCount - before);
            if (buffer.WrittenCount < BufferBytes) continue;
            await file.WriteAsync(buffer.WrittenMemory, cancel);
            buffer.ResetWrittenCount();
        }

        await file.WriteAsync(buffer.WrittenMemory, cancel);
        return (count, longest);
    }
}
