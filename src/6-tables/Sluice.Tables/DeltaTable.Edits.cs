using DuckDB.NET.Data;

namespace Sluice.Tables;

/// <summary>Changes of rows. Predicates and expressions are DuckDB's SQL over the table's columns.</summary>
public sealed partial class DeltaTable
{
    /// <summary>Deletes the rows for which the predicate is true.</summary>
    /// <param name="predicate">Null for all rows, which are then not read.</param>
    /// <exception cref="Sql.SqlException">DuckDB refuses the predicate.</exception>
    /// <exception cref="TableUnsupportedException">The table is append-only, or asks writers for a feature that Sluice does not have.</exception>
    public async Task<RowChange> DeleteAsync(DuckDBConnection connection, string? predicate, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var basis = await SnapshotAsync(cancel);
        _committer.CheckWritable(basis);
        if (predicate is not null) return await _plans.DeleteAsync(await ReadSetAsync(basis, predicate, cancel), predicate, connection, cancel);
        if (basis.Files.Count == 0) return new RowChange(null, 0, 0, 0);
        var change = new Change("DELETE", new Dictionary<string, string> { ["predicate"] = "[]" }, [], Overwrite: true, []);
        return new RowChange(await _committer.CommitAsync(basis, change, cancel), basis.RowCount ?? 0, 0, 0);
    }

    /// <summary>Gives columns new values in the rows for which the predicate is true.</summary>
    /// <param name="values">Expressions over the row as it was, by column; they are cast to the column's type.</param>
    /// <inheritdoc cref="DeleteAsync" path="/exception"/>
    /// <exception cref="TableRuleException">A row would break a rule of the table.</exception>
    public async Task<RowChange> UpdateAsync(
        DuckDBConnection connection, string? predicate, IReadOnlyDictionary<string, string> values, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(values);
        var basis = await SnapshotAsync(cancel);
        return await _plans.UpdateAsync(await ReadSetAsync(basis, predicate, cancel), predicate ?? "true", values, connection, cancel);
    }

    /// <summary>Updates, deletes and inserts rows by a source's rows, in one commit.</summary>
    /// <inheritdoc cref="UpdateAsync" path="/exception"/>
    /// <exception cref="TableRuleException">A row of the table matches several of the source, or would break a rule of the table.</exception>
    public async Task<RowChange> MergeAsync(DuckDBConnection connection, Merge merge, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(merge);
        var basis = await SnapshotAsync(cancel);
        _committer.CheckWritable(basis);
        using var source = await TempRelation.TableAsync(connection, MergeSql.Source(merge.Source), cancel);
        var filter = await MergeKeys.FilterAsync(basis, merge, source.Name, connection, cancel);
        var read = filter is null ? await ReadSetAsync(basis, null, cancel) : new ReadSet(basis, [.. basis.Files.Where(filter.MayMatch)], filter.MayMatch);
        return await _plans.MergeAsync(read, source, merge, connection, cancel);
    }

    /// <summary>Replaces the rows for which the predicate is true by those of a select, for which it must be true as well.</summary>
    /// <inheritdoc cref="UpdateAsync" path="/exception"/>
    public async Task<RowChange> OverwriteAsync(DuckDBConnection connection, string predicate, string select, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var basis = await SnapshotAsync(cancel);
        return await _plans.ReplaceAsync(await ReadSetAsync(basis, predicate, cancel), predicate, select, connection, cancel);
    }

    /// <summary>Replaces the partitions of which a select gives rows by these rows; others stay as they are.</summary>
    /// <exception cref="TableSchemaException">The table has no partitions, or the select does not match its schema.</exception>
    /// <exception cref="TableUnsupportedException">A file's partition is not known, since a value in the log is none of its column's type.</exception>
    public async Task<RowChange> OverwritePartitionsAsync(DuckDBConnection connection, string select, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var basis = await SnapshotAsync(cancel);
        if (basis.Metadata.PartitionColumns.Count == 0) throw new TableSchemaException(Name, "it has no partitions to overwrite: overwrite it by a predicate");
        _committer.CheckWritable(basis);
        var key = new PartitionKey(basis);
        if (basis.Files.FirstOrDefault(file => key.Of(file) is null) is { } unknown)
        {
            throw new TableUnsupportedException(
                Name, $"the partition values of its file {unknown.Path} are not of their columns' types, so it cannot be told which rows to replace: overwrite it by a predicate");
        }

        var adds = await _writer.WriteAsync(basis, connection, select, cancel);
        if (adds.Count == 0) return new RowChange(null, 0, 0, 0);
        var partitions = adds.Select(key.Of).ToHashSet(StringComparer.Ordinal);
        var removes = basis.Files.Where(file => partitions.Contains(key.Of(file))).ToList();
        var change = new Change("WRITE", new Dictionary<string, string> { ["mode"] = "Overwrite", ["partitionOverwriteMode"] = "dynamic" }, adds, Overwrite: false, [])
        {
            ReadsTable = true,
            MayRead = file => key.Of(file) is not { } partition || partitions.Contains(partition),
            Removes = removes,
        };
        var deleted = removes.Sum(file => FileStats.RowCount(file.StatsText) - (file.DeletionVector?.Cardinality ?? 0)) ?? 0;
        return new RowChange(await _committer.CommitAsync(basis, change, cancel), deleted, 0, adds.Sum(file => FileStats.RowCount(file.StatsText)) ?? 0);
    }

    /// <summary>The files that may hold rows for which the predicate is true; all of them for null.</summary>
    private async ValueTask<ReadSet> ReadSetAsync(Snapshot basis, string? predicate, CancellationToken cancel)
    {
        if (predicate is null) return new ReadSet(basis, [.. basis.Files], null);
        var filter = await FileFilter.ParseAsync(basis, _catalog.DuckDb, predicate, cancel);
        return new ReadSet(basis, [.. basis.Files.Where(filter.MayMatch)], filter.MayMatch);
    }
}
