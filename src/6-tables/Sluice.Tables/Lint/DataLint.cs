using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;
using Sluice.Objects;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>The live files of a table against what the log says of them.</summary>
internal sealed class DataLint(TableCatalog catalog, TableName table, TableLog log, RelationReader relations, LintReport report)
{
    private const string Statistics = "Per-file Statistics";

    public async Task CheckAsync(Snapshot snapshot, LintOptions options, CancellationToken cancel)
    {
        using var connection = catalog.DuckDb.Connect();
        var all = true;
        foreach (var file in snapshot.Files)
        {
            var path = DataPath.Canonical(file.Path);
            if (DataPath.IsAbsolute(path)) continue;
            if (await catalog.Objects.HeadAsync(new ObjectKey(log.Root + path), cancel) is not { } found)
            {
                report.Add("Add File and Remove File", file.Path, "the file is live and does not exist");
                all = false;
                continue;
            }

            report.Require(found.Size == file.Size, "Add File and Remove File", file.Path, $"the log says {file.Size} bytes, the file has {found.Size}");
            if (options.ReadRows) await CheckRowsAsync(snapshot, file, connection, cancel);
        }

        if (options.ReadRows && all && snapshot.Schema.Columns.Count > 0) await CheckRulesAsync(snapshot, connection, cancel);
    }

    private async Task CheckRulesAsync(Snapshot snapshot, DuckDBConnection connection, CancellationToken cancel)
    {
        var filled = snapshot.DeltaSchema.Fields.Where(f => !f.Nullable).Select(f => new TableRule($"NOT NULL of column '{f.Name}'", $"{SqlName.Quote(f.Name)} IS NOT NULL"));
        var rules = TableRules.Of(snapshot).Concat(filled).ToList();
        try
        {
            await TableRules.CheckAsync(table, rules, connection, await relations.SqlAsync(snapshot, snapshot.Files, cancel), cancel);
        }
        catch (Exception e) when (e is TableRuleException or TableUnsupportedException)
        {
            report.Add("CHECK Constraints", $"version {snapshot.Version}", e.Message);
        }
        catch (TableFormatException e)
        {
            report.Add("Data Files", $"version {snapshot.Version}", e.Message);
        }
    }

    private async Task CheckRowsAsync(Snapshot snapshot, AddFile file, DuckDBConnection connection, CancellationToken cancel)
    {
        if (!file.StatsText.IsThere) return;
        try
        {
            using var stats = JsonDocument.Parse(file.StatsText.Utf8);
            var hidden = await relations.DeletedRowsAsync(file, cancel);
            // Bounds hold for every row of the file, deleted ones included.
            var whole = await relations.SqlAsync(snapshot, [file with { DeletionVector = null }], cancel);
            var checks = Checks(snapshot, stats.RootElement).ToList();
            var select = string.Join(", ", checks.Select(c => $"CAST({c.Sql} AS BIGINT)").Prepend("count(*)"));
            var found = (await connection.ReadAsync($"SELECT {select} FROM {whole}", row => Enumerable.Range(0, checks.Count + 1).Select(row.GetInt64).ToArray(), cancel))[0];
            if (FileStats.RowCount(file.StatsText) is { } rows) report.Require(rows == found[0], Statistics, file.Path, $"numRecords is {rows}, and the file has {found[0]} rows");
            report.Require(hidden.Count == 0 || hidden[^1] < found[0], "Deletion Vectors", file.Path, "its deletion vector names rows that it does not have");
            var tight = file.DeletionVector is null;
            for (var i = 0; i < checks.Count; i++)
            {
                if (checks[i].Expected is { } expected ? tight && found[i + 1] != expected : found[i + 1] != 0)
                    report.Add(Statistics, file.Path, $"{checks[i].What}; the rows say {found[i + 1]}");
            }
        }
        catch (Exception e) when (e is TableFormatException or SqlException)
        {
            report.Add("Data Files", file.Path, e.Message);
        }
        catch (JsonException)
        {
            // The commit that added the file has been named for it.
            return;
        }
    }

    /// <summary>For each bound the number of rows outside of it, which must be none; for each count of nulls the nulls.</summary>
    private static IEnumerable<(string What, string Sql, long? Expected)> Checks(Snapshot snapshot, JsonElement stats)
    {
        foreach (var field in snapshot.DeltaSchema.Fields.Where(f => f.Type is PrimitiveType or DecimalType))
        {
            var column = SqlName.Quote(field.Name);
            var type = DuckDbType.Of(field.Type);
            if (Value(stats, "minValues", field) is { } min)
                yield return ($"rows of '{field.Name}' lie below its minimum {min}", $"count(*) FILTER (WHERE {column} < CAST({SqlName.Literal(min)} AS {type}))", null);
            if (Value(stats, "maxValues", field) is { } max)
            {
                // Upper bounds of times are cut to milliseconds.
                var wider = field.Type is PrimitiveType { Name: "timestamp" or "timestamp_ntz" } ? " + INTERVAL 1 MILLISECOND" : "";
                yield return ($"rows of '{field.Name}' lie above its maximum {max}", $"count(*) FILTER (WHERE {column} > CAST({SqlName.Literal(max)} AS {type}){wider})", null);
            }

            if (Value(stats, "nullCount", field) is { } nulls && long.TryParse(nulls, CultureInfo.InvariantCulture, out var count))
                yield return ($"the nullCount of '{field.Name}' is {nulls}", $"count(*) - count({column})", count);
        }
    }

    private static string? Value(JsonElement stats, string section, StructField field)
    {
        if (!stats.TryGetProperty(section, out var values) || values.ValueKind != JsonValueKind.Object) return null;
        if (!values.TryGetProperty(field.PhysicalName, out var value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.Object) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
    }
}
