using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Writes the state of a version as a checkpoint, classic or V2 as the table says, and the pointer to it.</summary>
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
        var actions = CheckpointActions.Of(snapshot.State, catalog.Options.RetentionOf(snapshot.Metadata), catalog.Time);
        var (count, bytes) = IsV2(snapshot)
            ? await WriteV2Async(snapshot, actions, cancel)
            : await WriteParquetAsync(log.Key(LogFile.CheckpointName(snapshot.Version)), actions, CheckpointActions.Classic, cancel);
        var hint = LastCheckpoint.Write(snapshot.Version, count, bytes, snapshot.Files.Count);
        await catalog.Objects.PutAsync(log.Key(LastCheckpoint.Name), hint, cancel);
    }

    private static bool IsV2(Snapshot snapshot) =>
        snapshot.Metadata.Configuration.GetValueOrDefault(Features.CheckpointPolicy) == "v2" && ProtocolNeeds.Names(snapshot.Protocol).Contains("v2Checkpoint");

    /// <summary>Files go into a sidecar, the rest into the checkpoint itself, which names it.</summary>
    /// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#v2-spec</remarks>
    private async ValueTask<(long Count, long Bytes)> WriteV2Async(Snapshot snapshot, IEnumerable<ILogAction> actions, CancellationToken cancel)
    {
        var sidecar = $"{catalog.Options.NewId():D}.parquet";
        var (count, bytes) = await WriteParquetAsync(log.Key($"_sidecars/{sidecar}"), actions.Where(a => a is AddFile or RemoveFile), CheckpointActions.Sidecar, cancel);
        var withoutFiles = snapshot.State with { Files = LayeredMap<FileKey, AddFile>.Empty, Tombstones = LayeredMap<FileKey, RemoveFile>.Empty };
        var own = CheckpointActions.Of(withoutFiles, TimeSpan.Zero, catalog.Time)
            .Prepend(new CheckpointMetadata(snapshot.Version))
            .Append(new Sidecar(sidecar, bytes, catalog.Time.GetUtcNow().ToUnixTimeMilliseconds()))
            .ToList();
        var content = ActionWriter.Lines(own);
        await catalog.Objects.PutAsync(log.Key(LogFile.CheckpointName(snapshot.Version, catalog.Options.NewId())), content, cancel);
        return (count + own.Count, bytes + content.Length);
    }

    private async ValueTask<(long Count, long Bytes)> WriteParquetAsync(
        Objects.ObjectKey key, IEnumerable<ILogAction> actions, CheckpointColumns columns, CancellationToken cancel)
    {
        using var folder = catalog.Scratch.Open();
        var rows = Path.Combine(folder.Path, "actions.json");
        var parquet = Path.Combine(folder.Path, "checkpoint.parquet");
        var (count, longest) = await WriteRowsAsync(rows, actions, cancel);
        using (var connection = catalog.DuckDb.Connect())
        {
            var copy = string.Create(CultureInfo.InvariantCulture, $"""
                COPY (SELECT {columns.Names} FROM read_json({SqlName.Literal(rows)}, format = 'newline_delimited',
                maximum_object_size = {Math.Max(ObjectBytesMin, longest * 2)}, columns = {columns.Types}))
                TO {SqlName.Literal(parquet)} (FORMAT parquet, COMPRESSION snappy)
                """);
            await connection.ExecuteAsync(copy, cancel);
        }

        return (count, (await catalog.Objects.PutFileAsync(key, parquet, cancel)).Size);
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
