using System.Text;
using Sluice.Objects;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Reads the checkpoint of a segment, in any of its forms, through DuckDB.</summary>
internal sealed class CheckpointReader(TableName table, TableLog log, IObjectStore objects, DuckDb duckDb)
{
    /// <summary>Rows replayed at a time: enough to hide the cost of a call, few enough to stay small.</summary>
    private const int RowsPerBatch = 4096;

    public async ValueTask ReadAsync(LogSegment segment, LogReplay replay, CancellationToken cancel)
    {
        var sidecars = new List<string>();
        foreach (var name in segment.Checkpoint)
        {
            if (name.EndsWith(".json", StringComparison.Ordinal)) Apply(segment.CheckpointVersion, replay, await log.ReadJsonAsync(name, cancel), sidecars);
            else await ReadParquetAsync(segment.CheckpointVersion, name, replay, sidecars, cancel);
        }

        foreach (var name in sidecars.ToArray()) await ReadParquetAsync(segment.CheckpointVersion, $"_sidecars/{name}", replay, sidecars, cancel);
    }

    private async ValueTask ReadParquetAsync(long version, string name, LogReplay replay, List<string> sidecars, CancellationToken cancel)
    {
        var path = await objects.GetFileAsync(log.Key(name), cancel)
            ?? throw new TableFormatException(table, $"checkpoint file {name} is missing");
        try
        {
            using var connection = duckDb.Connect();
            var select = $"SELECT to_json(action)::VARCHAR FROM read_parquet({SqlName.Literal(path)}, hive_partitioning = false) action";
            using var rows = await connection.SelectAsync(select, cancel);
            var batch = new List<ILogAction>(RowsPerBatch);
            await foreach (var row in rows.ReadAsync(r => r.GetString(0), cancel))
            {
                ActionReader.ReadObject(Encoding.UTF8.GetBytes(row), batch);
                if (batch.Count < RowsPerBatch) continue;
                Apply(version, replay, batch, sidecars);
                batch.Clear();
            }

            Apply(version, replay, batch, sidecars);
        }
        catch (Exception e) when (e is SqlException or LogFormatException or System.Text.Json.JsonException)
        {
            throw new TableFormatException(table, $"checkpoint file {name}: {e.Message}", e);
        }
    }

    private static void Apply(long version, LogReplay replay, List<ILogAction> actions, List<string> sidecars)
    {
        sidecars.AddRange(actions.OfType<Sidecar>().Select(s => DataPath.Canonical(s.Path)));
        replay.ApplyCheckpoint(version, actions);
    }
}
