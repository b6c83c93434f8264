using System.Text;
using System.Text.Json;
using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>The fields of the <c>add</c> column of a checkpoint file, read one by one; a file may lack most of them.</summary>
internal sealed class AddColumns
{
    private const string Missing = "NULL::VARCHAR";

    private static readonly string[] s_rare = ["tags", "deletionVector", "baseRowId", "defaultRowCommitVersion", "clusteringProvider"];

    private AddColumns(StructType add)
    {
        var has = add.Fields.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        string[] rest = [.. s_rare.Where(has.Contains)];
        var any = rest.Length == 0 ? Missing : $"CASE WHEN {string.Join(" OR ", rest.Select(f => $"{Field(f)} IS NOT NULL"))} THEN to_json(\"add\")::VARCHAR END";
        Select = string.Join(", ",
            Field("path"), has.Contains("size") ? Field("size") : "0::BIGINT", has.Contains("modificationTime") ? Field("modificationTime") : "0::BIGINT",
            has.Contains("stats") ? Field("stats") : Missing,
            has.Contains("partitionValues") ? $"CASE WHEN cardinality({Field("partitionValues")}) > 0 THEN to_json({Field("partitionValues")})::VARCHAR END" : Missing,
            any);
    }

    /// <summary>Whether a row is a file; the path alone tells.</summary>
    public static string IsThere { get; } = $"{Field("path")} IS NOT NULL";

    /// <summary>The select list.</summary>
    public string Select { get; }

    /// <summary>The columns of a file; null when its <c>add</c> is absent or of no known shape.</summary>
    public static AddColumns? Of(IReadOnlyList<SqlColumn> columns) =>
        columns.FirstOrDefault(c => c.Name == "add") is { } column && DuckDbType.Parse(column.Type, out _) is StructType add && add.Fields.Any(f => f.Name == "path")
            ? new AddColumns(add)
            : null;

    public static void Read(DuckDBDataReader row, List<ILogAction> into)
    {
        // What few files have is read as JSON, with the rest of such a file.
        if (!row.IsDBNull(5))
        {
            ActionReader.ReadObject(Encoding.UTF8.GetBytes($"{{\"add\":{row.GetString(5)}}}"), into);
            return;
        }

        if (row.IsDBNull(0)) throw new LogFormatException("an add has no path");
        into.Add(new AddFile(
            row.GetString(0), row.IsDBNull(1) ? 0 : row.GetInt64(1), row.IsDBNull(2) ? 0 : row.GetInt64(2), row.IsDBNull(3) ? null : row.GetString(3))
        {
            PartitionValues = row.IsDBNull(4) ? EmptyMap.Values : JsonSerializer.Deserialize<Dictionary<string, string?>>(row.GetString(4))!,
            DataChange = false,
        });
    }

    private static string Field(string name) => $"\"add\".{SqlName.Quote(name)}";
}
