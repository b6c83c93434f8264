using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>What DuckDB says of one column of a file it wrote; values as DuckDB prints them.</summary>
internal sealed record ColumnStats(string? Min, string? Max, long? NullCount);

/// <summary>The stats of a data file: the JSON text inside an <c>add</c> action.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#per-file-statistics</remarks>
internal static class FileStats
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="columns">By the leaf's path in DuckDB's spelling: quoted names joined by dots.</param>
    /// <param name="indexed">The columns that get stats; null for the default.</param>
    public static string Build(StructType schema, long rows, IReadOnlyDictionary<string, ColumnStats> columns, IndexedColumns? indexed = null)
    {
        var leaves = (indexed ?? IndexedColumns.Default).Of(Leaves(schema, [])).ToArray();
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, s_options);
        json.WriteStartObject();
        json.WriteNumber("numRecords", rows);
        WriteSection(json, "minValues", leaves, (type, stats) => stats.Min is { } min ? StatValue.Json(type, min, isMax: false) : null, columns);
        WriteSection(json, "maxValues", leaves, (type, stats) => stats.Max is { } max ? StatValue.Json(type, max, isMax: true) : null, columns);
        WriteSection(json, "nullCount", leaves, (_, stats) => stats.NullCount?.ToString(null, null), columns);
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary><c>numRecords</c> of a stats text; null when it does not say.</summary>
    public static long? RowCount(StatsText stats)
    {
        if (!stats.IsThere) return null;
        try
        {
            var reader = new Utf8JsonReader(stats.Utf8.Span);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals("numRecords"u8);
                reader.Read();
                if (found) return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var rows) ? rows : null;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Stats are optional: a text that is none says nothing, and the caller knows what null means.
        }

        return null;
    }

    /// <summary>The stats of a file of which rows are deleted: the bounds still hold, but no row need lie on them.</summary>
    public static string Loosened(string stats)
    {
        var node = System.Text.Json.Nodes.JsonNode.Parse(stats)!.AsObject();
        node["tightBounds"] = false;
        return node.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>The leaf columns in schema order; a list or map counts as one and has no type here: the protocol keeps no stats of it.</summary>
    public static IEnumerable<(string[] Path, DeltaType? Type)> Leaves(StructType type, string[] parents)
    {
        foreach (var field in type.Fields)
        {
            string[] path = [.. parents, field.Name];
            switch (field.Type)
            {
                case StructType inner:
                    foreach (var leaf in Leaves(inner, path)) yield return leaf;
                    break;
                case ArrayType or MapType:
                    yield return (path, null);
                    break;
                default:
                    yield return (path, field.Type);
                    break;
            }
        }
    }

    private static void WriteSection(
        Utf8JsonWriter json, string name, (string[] Path, DeltaType? Type)[] leaves, Func<DeltaType, ColumnStats, string?> pick,
        IReadOnlyDictionary<string, ColumnStats> columns)
    {
        json.WriteStartObject(name);
        string[] open = [];
        foreach (var (path, type) in leaves)
        {
            if (type is null || !columns.TryGetValue(string.Join('.', path.Select(SqlName.Quote)), out var stats)) continue;
            if (pick(type, stats) is not { } value) continue;
            var parents = path[..^1];
            var shared = parents.Zip(open).TakeWhile(p => p.First == p.Second).Count();
            for (var i = shared; i < open.Length; i++) json.WriteEndObject();
            foreach (var parent in parents[shared..]) json.WriteStartObject(parent);
            open = parents;
            json.WritePropertyName(path[^1]);
            json.WriteRawValue(value);
        }

        foreach (var _ in open) json.WriteEndObject();
        json.WriteEndObject();
    }
}
