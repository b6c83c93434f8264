using System.Text;
using DuckDB.NET.Data;
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
            if (IsJson(name)) Apply(segment.CheckpointVersion, replay, await log.ReadJsonAsync(name, cancel), sidecars);
            else await ReadParquetAsync(segment.CheckpointVersion, name, replay, sidecars, cancel);
        }

        foreach (var name in sidecars.ToArray()) await ReadParquetAsync(segment.CheckpointVersion, $"_sidecars/{name}", replay, sidecars, cancel);
    }

    /// <summary>Names of the sidecars of a checkpoint; none of one that follows the V1 specification.</summary>
    public async ValueTask<IReadOnlyList<string>> SidecarsAsync(string name, CancellationToken cancel)
    {
        if (IsJson(name)) return [.. Sidecars(await log.ReadJsonAsync(name, cancel))];
        var path = await FileAsync(name, cancel);
        try
        {
            using var connection = duckDb.Connect();
            var source = $"read_parquet({SqlName.Literal(path)}, hive_partitioning = false)";
            // Its files, of which there may be many, are not read.
            if (connection.Describe($"SELECT * FROM {source}").All(column => column.Name != "sidecar")) return [];
            return await connection.ReadAsync(
                $"SELECT sidecar.path FROM {source} WHERE sidecar.path IS NOT NULL", row => FileName(row.GetString(0)), cancel);
        }
        catch (SqlException e)
        {
            throw new TableFormatException(table, $"checkpoint file {name}: {e.Message}", e);
        }
    }

    private static bool IsJson(string name) => name.EndsWith(".json", StringComparison.Ordinal);

    private async ValueTask<string> FileAsync(string name, CancellationToken cancel) =>
        await objects.GetFileAsync(log.Key(name), cancel) ?? throw new TableFormatException(table, $"checkpoint file {name} is missing");

    private async ValueTask ReadParquetAsync(long version, string name, LogReplay replay, List<string> sidecars, CancellationToken cancel)
    {
        var path = await FileAsync(name, cancel);
        try
        {
            using var connection = duckDb.Connect();
            var source = $"read_parquet({SqlName.Literal(path)}, hive_partitioning = false)";
            var columns = connection.Describe($"SELECT * FROM {source}");
            var counted = await connection.ReadAsync(AddCounts.Sql(path), row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2)), cancel);
            var add = AddColumns.Of(columns, AddCounts.Of(counted));
            await ReplayAsync(connection, Others(columns, add, source), Other, version, replay, sidecars, cancel);
            if (add is null) return;
            if (add.Rare(source) is { } rare) await ReplayAsync(connection, rare, Other, version, replay, sidecars, cancel);
            var packed = new PackedAdds();
            replay.Expect(add.Count);
            await ReplayAsync(connection, add.Packed(source), Packed, version, replay, sidecars, cancel);

            void Packed(DuckDBDataReader row, List<ILogAction> into)
            {
                using var value = row.GetStream(0);
                into.Add(packed.Read(value));
            }
        }
        catch (Exception e) when (e is SqlException or LogFormatException or System.Text.Json.JsonException)
        {
            throw new TableFormatException(table, $"checkpoint file {name}: {e.Message}", e);
        }
    }

    /// <summary>The rows that are no files, as JSON; the columns of files are not even read.</summary>
    private static string Others(IReadOnlyList<SqlColumn> columns, AddColumns? add, string source)
    {
        var others = columns.Where(c => add is null || c.Name != "add").Select(c => $"{SqlName.Quote(c.Name)} := {SqlName.Quote(c.Name)}").ToArray();
        if (others.Length == 0) return $"SELECT '{{}}' FROM {source} WHERE false";
        var which = add is null ? "" : $" WHERE NOT ({AddColumns.IsThere})";
        return $"SELECT to_json(struct_pack({string.Join(", ", others)}))::VARCHAR FROM {source}{which}";
    }

    private static async ValueTask ReplayAsync(
        DuckDBConnection connection, string select, Action<DuckDBDataReader, List<ILogAction>> read, long version, LogReplay replay, List<string> sidecars,
        CancellationToken cancel)
    {
        await Task.Run(
            () =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = select;
                command.UseStreamingMode = true;
                try
                {
                    using var rows = (DuckDBDataReader)command.ExecuteReader();
                    var batch = new List<ILogAction>(RowsPerBatch);
                    while (rows.Read())
                    {
                        read(rows, batch);
                        if (batch.Count < RowsPerBatch) continue;
                        cancel.ThrowIfCancellationRequested();
                        Apply(version, replay, batch, sidecars);
                        batch.Clear();
                    }

                    Apply(version, replay, batch, sidecars);
                }
                catch (DuckDBException e)
                {
                    throw SqlException.From(e, select);
                }
            },
            cancel);
    }

    private static void Other(DuckDBDataReader row, List<ILogAction> into) => ActionReader.ReadObject(Encoding.UTF8.GetBytes(row.GetString(0)), into);

    private static void Apply(long version, LogReplay replay, List<ILogAction> actions, List<string> sidecars)
    {
        sidecars.AddRange(Sidecars(actions));
        replay.ApplyCheckpoint(version, actions);
    }

    private static IEnumerable<string> Sidecars(List<ILogAction> actions) => actions.OfType<Sidecar>().Select(s => FileName(s.Path));

    /// <summary>All sidecars lie in one folder, and writers may name it or not.</summary>
    private static string FileName(string path)
    {
        var canonical = DataPath.Canonical(path);
        return canonical[(canonical.LastIndexOf('/') + 1)..];
    }
}
