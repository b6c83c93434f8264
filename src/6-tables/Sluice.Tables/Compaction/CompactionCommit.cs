using DuckDB.NET.Data;

namespace Sluice.Tables;

/// <summary>Writes rows of files into new files and swaps them in one commit that changes no row (Delta's OPTIMIZE).</summary>
internal sealed class CompactionCommit(TableName table, RelationReader relations, DataFileWriter writer, TableCommitter committer)
{
    /// <summary>The tag of a file whose rows are in the order of some columns, which it names as the history does.</summary>
    private const string OrderTag = "sluice.zOrderBy";

    private static readonly Dictionary<string, string> s_parameters = new() { ["predicate"] = "[]", ["zOrderBy"] = "[]", ["auto"] = "true" };

    /// <summary>Merges the small files of a tier that is due, in one partition.</summary>
    public async Task<Compaction?> RunAsync(Snapshot basis, DuckDBConnection connection, CompactionOptions options, CancellationToken cancel)
    {
        var removed = CompactionPlan.Pick(basis.Files, options);
        if (removed.Count == 0) return null;
        committer.CheckWritable(basis);
        var relation = await relations.SqlAsync(basis, removed, cancel);
        var added = await writer.WriteAsync(basis, connection, $"SELECT * FROM {relation}", cancel);
        return await CommitAsync(basis, removed, added, s_parameters, cancel);
    }

    /// <summary>Writes files anew, partition by partition, with their rows in order; without an order, those that are better packed.</summary>
    public async Task<Compaction?> OrderAsync(
        Snapshot basis, IReadOnlyList<AddFile> files, DuckDBConnection connection, OptimizeOptions options, CancellationToken cancel)
    {
        committer.CheckWritable(basis);
        var order = ZOrder.OrderBy(table, basis, options.ZOrderBy);
        var by = System.Text.Json.JsonSerializer.Serialize(options.ZOrderBy);
        if (options.OnlyUnordered) files = [.. files.Where(file => file.Tags?.GetValueOrDefault(OrderTag) != by)];
        if (options.ZOrderBy.Count == 0) files = CompactionPlan.Pack(files, options.FileBytesMax ?? writer.FileBytesMax);
        if (files.Count == 0) return null;
        var added = new List<AddFile>();
        foreach (var partition in files.GroupBy(CompactionPlan.Partition, StringComparer.Ordinal))
        {
            var relation = await relations.SqlAsync(basis, [.. partition], cancel);
            added.AddRange(await writer.WriteAsync(basis, connection, $"SELECT * FROM {relation} t{order}", cancel, options.FileBytesMax));
        }

        var parameters = new Dictionary<string, string>(s_parameters)
        {
            ["zOrderBy"] = by,
            ["auto"] = "false",
        };
        var tags = new Dictionary<string, string?> { [OrderTag] = by };
        if (options.ZOrderBy.Count > 0) added = [.. added.Select(file => file with { Tags = tags })];
        return await CommitAsync(basis, files, added, parameters, cancel);
    }

    private async Task<Compaction> CommitAsync(
        Snapshot basis, IReadOnlyList<AddFile> removed, IReadOnlyList<AddFile> added, Dictionary<string, string> parameters, CancellationToken cancel)
    {
        RequireSameRows(removed, added);
        var change = new Change("OPTIMIZE", parameters, added, Overwrite: false, []) { Removes = removed, DataChange = false };
        return new Compaction(await committer.CommitAsync(basis, change, cancel), removed, added);
    }

    private void RequireSameRows(IReadOnlyList<AddFile> removed, IReadOnlyList<AddFile> added)
    {
        if (Rows(removed) is { } before && Rows(added) is { } after && before != after)
            throw new TableFormatException(table, $"{removed.Count} files say that they hold {before} rows, but hold {after}: their statistics are wrong");
    }

    private static long? Rows(IReadOnlyList<AddFile> files) =>
        files.Aggregate((long?)0, (sum, file) => sum + FileStats.RowCount(file.StatsText) - (file.DeletionVector?.Cardinality ?? 0));
}

/// <summary>What a compaction did. After a conflict the removed files are still the table's, and the added ones belong to nothing.</summary>
public sealed record Compaction(CommitResult Commit, IReadOnlyList<AddFile> Removed, IReadOnlyList<AddFile> Added);
