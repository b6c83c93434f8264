using DuckDB.NET.Data;

namespace Sluice.Tables;

/// <summary>Merges small files: writes their rows into a new file and swaps them in one commit that changes no row (Delta's OPTIMIZE).</summary>
internal sealed class CompactionCommit(TableName table, RelationReader relations, DataFileWriter writer, TableCommitter committer)
{
    private static readonly Dictionary<string, string> s_parameters = new() { ["predicate"] = "[]", ["zOrderBy"] = "[]", ["auto"] = "true" };

    public async Task<Compaction?> RunAsync(Snapshot basis, DuckDBConnection connection, CompactionOptions options, CancellationToken cancel)
    {
        if (basis.Metadata.PartitionColumns.Count > 0) return null;
        var removed = CompactionPlan.Pick(basis.Files, options);
        if (removed.Count == 0) return null;
        committer.CheckWritable(basis);
        var relation = await relations.SqlAsync(basis, removed, cancel);
        var added = await writer.WriteAsync(basis, connection, $"SELECT * FROM {relation}", cancel);
        RequireSameRows(removed, added);
        var change = new Change("OPTIMIZE", s_parameters, added, Overwrite: false, []) { Removes = removed, DataChange = false };
        return new Compaction(await committer.CommitAsync(basis, change, cancel), removed, added);
    }

    private void RequireSameRows(IReadOnlyList<AddFile> removed, IReadOnlyList<AddFile> added)
    {
        if (Rows(removed) is { } before && Rows(added) is { } after && before != after)
            throw new TableFormatException(table, $"{removed.Count} files say that they hold {before} rows, but hold {after}: their statistics are wrong");
    }

    private static long? Rows(IReadOnlyList<AddFile> files) => files.Aggregate((long?)0, (sum, file) => sum + FileStats.RowCount(file.Stats));
}

/// <summary>What a compaction did. After a conflict the removed files are still the table's, and the added ones belong to nothing.</summary>
public sealed record Compaction(CommitResult Commit, IReadOnlyList<AddFile> Removed, IReadOnlyList<AddFile> Added);
