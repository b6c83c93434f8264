using System.Text.Json;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Chooses the files of a table that may hold rows for which a condition is true, by statistics and partition values. It never leaves out one that does.</summary>
public sealed class FileFilter
{
    private readonly RowTest _test;
    private readonly HashSet<string> _partitions;

    private FileFilter(RowTest test, Snapshot snapshot)
    {
        _test = test;
        _partitions = new HashSet<string>(
            snapshot.DeltaSchema.Fields.Select(f => f.Name).Where(f => snapshot.Metadata.PartitionColumns.Contains(f, StringComparer.OrdinalIgnoreCase)), StringComparer.Ordinal);
    }

    /// <summary>A filter by an expression of the tree that DuckDB's <c>json_serialize_sql</c> gives.</summary>
    /// <param name="qualifiers">Names that stand for the table before a column's name.</param>
    /// <param name="alone">Whether a column without such a name is the table's: it is the only one that the condition can speak of.</param>
    public static FileFilter Of(Snapshot snapshot, JsonElement expression, IReadOnlyCollection<string> qualifiers, bool alone)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new FileFilter(new PredicateReader(snapshot.DeltaSchema, qualifiers, alone).Read(expression), snapshot);
    }

    internal static FileFilter Of(Snapshot snapshot, RowTest test) => new(test, snapshot);

    /// <summary>Whether one of several conditions may be true: filters of the same snapshot.</summary>
    public static Func<AddFile, bool> Any(IReadOnlyList<FileFilter> filters) => file => filters.Any(filter => filter.MayMatch(file));

    /// <summary>Whether the file may hold a row for which the condition is true.</summary>
    public bool MayMatch(AddFile file)
    {
        using var bounds = new FileBounds(file, _partitions);
        return _test.MayPass(bounds);
    }

    /// <summary>A filter by a predicate's text; one that DuckDB cannot parse lets every file pass, since DuckDB will say so when it runs.</summary>
    internal static async Task<FileFilter> ParseAsync(Snapshot snapshot, DuckDb duckDb, string predicate, CancellationToken cancel)
    {
        using var connection = duckDb.Connect();
        return await ConditionAsync(connection, predicate, cancel) is { } condition
            ? Of(snapshot, condition, [], alone: true)
            : new FileFilter(RowTest.Unknown, snapshot);
    }

    /// <summary>The tree of a condition's text; null when DuckDB cannot parse it.</summary>
    internal static async Task<JsonElement?> ConditionAsync(DuckDB.NET.Data.DuckDBConnection connection, string predicate, CancellationToken cancel)
    {
        var trees = await connection.ReadAsync(
            "SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR)", row => row.GetString(0), cancel, $"SELECT 1 FROM t WHERE ({predicate}\n)");
        using var tree = JsonDocument.Parse(trees[0], new JsonDocumentOptions { MaxDepth = 1000 });
        var root = tree.RootElement;
        if (root.GetProperty("error").GetBoolean() || !root.TryGetProperty("statements", out var statements) || statements.GetArrayLength() != 1)
            return null;
        return statements[0].GetProperty("node").GetProperty("where_clause").Clone();
    }
}
