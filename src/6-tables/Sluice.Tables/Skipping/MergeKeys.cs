using System.Text.Json;
using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>
/// Which files of a table may hold a row that a merge's source matches: by the columns that the merge's condition sets equal, and the
/// values that the source has there, in ranges.
/// </summary>
internal static class MergeKeys
{
    /// <summary>Ranges of the source's values: a file is held against them by ten comparisons, and a source of as many rows is known exactly.</summary>
    private const int RangesMax = 1000;

    private static readonly HashSet<string> s_integers =
        new(["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"], StringComparer.Ordinal);

    /// <param name="source">The name of the source's rows, kept.</param>
    /// <returns>Null when every file may: the condition sets no columns equal that statistics are kept of, or rows without a match change too.</returns>
    public static async Task<FileFilter?> FilterAsync(Snapshot basis, Merge merge, string source, DuckDBConnection connection, CancellationToken cancel)
    {
        if (merge.Clauses.Any(clause => clause.Rows == MergeRows.NotMatchedBySource)) return null;
        if (await FileFilter.ConditionAsync(connection, merge.On, cancel) is not { } condition) return null;
        var types = connection.Describe($"SELECT * FROM {source}").ToDictionary(c => c.Name, c => c.Type, StringComparer.OrdinalIgnoreCase);
        var tests = new List<RowTest>();
        foreach (var (target, key) in Equalities(condition))
        {
            var field = basis.DeltaSchema.Fields.FirstOrDefault(f => f.Name.Equals(target, StringComparison.OrdinalIgnoreCase));
            if (field is null || !types.TryGetValue(key, out var type) || !Comparable(field.Type, type)) continue;
            if (await RangesAsync(field, source, key, connection, cancel) is { } ranges) tests.Add(ranges);
        }

        return tests.Count == 0 ? null : FileFilter.Of(basis, new RowTest.All(tests));
    }

    /// <summary>Columns of both sides that are equal in every pair of rows that match.</summary>
    private static IEnumerable<(string Target, string Source)> Equalities(JsonElement condition)
    {
        switch (condition.GetProperty("type").GetString())
        {
            case "CONJUNCTION_AND":
                return condition.GetProperty("children").EnumerateArray().SelectMany(Equalities);
            case "COMPARE_EQUAL":
                var (left, right) = (Column(condition.GetProperty("left")), Column(condition.GetProperty("right")));
                if (left is ("target", var a) && right is ("source", var b)) return [(a, b)];
                return left is ("source", var c) && right is ("target", var d) ? [(d, c)] : [];
            default:
                return [];
        }
    }

    private static (string Side, string Name)? Column(JsonElement expression)
    {
        if (!expression.TryGetProperty("column_names", out var names) || names.GetArrayLength() != 2) return null;
        return (names[0].GetString()!.ToLowerInvariant(), names[1].GetString()!);
    }

    /// <summary>Whether the source's values lie in the order of the table's, so that ranges of one say something of the other.</summary>
    private static bool Comparable(DeltaType type, string source) => type switch
    {
        PrimitiveType { Name: "byte" or "short" or "integer" or "long" } => s_integers.Contains(source),
        PrimitiveType { Name: "string" } => source == "VARCHAR",
        PrimitiveType { Name: "date" } => source == "DATE",
        _ => false,
    };

    private static async Task<RowTest?> RangesAsync(StructField field, string source, string key, DuckDBConnection connection, CancellationToken cancel)
    {
        var ranges = await connection.ReadAsync(
            $"""
            SELECT CAST(min(k) AS VARCHAR), CAST(max(k) AS VARCHAR)
            FROM (SELECT k, ntile({RangesMax}) OVER (ORDER BY k) AS tile FROM (SELECT DISTINCT {SqlName.Quote(key)} AS k FROM {source} WHERE {SqlName.Quote(key)} IS NOT NULL))
            GROUP BY tile ORDER BY min(k)
            """,
            row => (Low: Bound.Of(field.Type, row.GetString(0)), High: Bound.Of(field.Type, row.GetString(1))), cancel);
        return ranges.All(r => r is { Low: not null, High: not null })
            ? new RowTest.Among(field, [.. ranges.Select(r => r.Low!.Value)], [.. ranges.Select(r => r.High!.Value)])
            : null;
    }
}
