using DuckDB.NET.Data;
using Sluice.Objects;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>
/// Changes rows of a table: the rows to change are found by their places first; then their files are written anew without them, or
/// get deletion vectors where the table says so, and all of it is one commit.
/// </summary>
internal sealed class RowEdits(
    TableCatalog catalog, TableName table, TableLog log, RelationReader relations, DataFileWriter writer, TableCommitter committer)
{
    /// <summary>A view of the candidates' rows with their places.</summary>
    public async Task<TempRelation> TargetAsync(Snapshot basis, IReadOnlyList<AddFile> candidates, DuckDBConnection connection, CancellationToken cancel) =>
        await TempRelation.ViewAsync(connection, $"SELECT * FROM {await relations.PlacesAsync(basis, candidates, cancel)}", cancel);

    public async Task<RowChange> RunAsync(EditPlan plan, TempRelation target, DuckDBConnection connection, CancellationToken cancel)
    {
        committer.CheckWritable(plan.Basis);
        using var edits = plan.Edits is null ? null : await TempRelation.TableAsync(connection, plan.Edits, cancel);
        var touched = edits is null ? [] : await TouchedAsync(plan, edits.Name, connection, cancel);
        var feeds = touched.Count > 0 && Features.IsOn(plan.Basis.Metadata.Configuration, Features.ChangeDataFeed);
        // The feed tells of the rows that the files hold, so a select that both read is run once.
        using var kept = feeds && plan is { Inserts: { } select, KeepsInserts: false } ? await TempRelation.TableAsync(connection, select, cancel) : null;
        if (kept is not null) plan = plan with { Inserts = $"SELECT * FROM {kept.Name}", KeepsInserts = true };
        var result = new FileChanges();
        foreach (var file in touched) result.Removes.Add(file.File);
        var partial = touched.Where(file => file.Rows != file.Live).ToList();
        // A file with a deletion vector must have its row count in the log.
        var marks = Features.IsOn(plan.Basis.Metadata.Configuration, Features.DeletionVectors);
        var marked = partial.Where(file => marks && file.Live is not null).ToList();
        if (marked.Count > 0) result.Adds.AddRange(await MarkAsync(marked, edits!.Name, connection, cancel));
        var selects = Selects(plan, edits?.Name, target.Name, [.. partial.Except(marked)]);
        if (selects.Count > 0) result.Adds.AddRange(await writer.WriteAsync(plan.Basis, connection, string.Join("\nUNION ALL ", selects), cancel));
        var counts = Counts(touched, result, partial, marked);
        if (feeds) result.Changes = await writer.WriteChangesAsync(plan.Basis, connection, ChangeFeed.Select(plan, edits!.Name, target.Name), cancel);
        return await CommitAsync(plan, result, counts, cancel);
    }

    private async Task<RowChange> CommitAsync(EditPlan plan, FileChanges files, (long Deleted, long Updated, long? Inserted) counts, CancellationToken cancel)
    {
        var inserted = counts.Inserted ?? throw new TableFormatException(table, "a file just written has no row count");
        if (files.Removes.Count == 0 && files.Adds.Count == 0) return new RowChange(null, 0, 0, 0);
        var change = new Change(plan.Operation, plan.Parameters, files.Adds, Overwrite: false, [])
        {
            // What is inserted was chosen by what the table lacks.
            ReadsTable = true,
            MayRead = plan.MayRead,
            Removes = files.Removes,
            ChangeFiles = files.Changes,
            Metrics = new Dictionary<string, long>
            {
                ["numDeletedRows"] = counts.Deleted,
                ["numUpdatedRows"] = counts.Updated,
                ["numInsertedRows"] = inserted,
            },
        };
        return new RowChange(await committer.CommitAsync(plan.Basis, change, cancel), counts.Deleted, counts.Updated, inserted);
    }

    /// <summary>The candidates that hold rows to change, and how many.</summary>
    /// <exception cref="TableRuleException">A row would be changed twice.</exception>
    private async Task<List<TouchedFile>> TouchedAsync(EditPlan plan, string edits, DuckDBConnection connection, CancellationToken cancel)
    {
        var found = await connection.ReadAsync(
            $"""
            SELECT {Relation.FileColumn}, count(*), count(DISTINCT {Relation.RowColumn}), count(*) FILTER (WHERE {EditPlan.Action} = '{EditPlan.Update}')
            FROM {edits} GROUP BY 1 ORDER BY 1
            """,
            row => (File: (int)row.GetInt64(0), Rows: row.GetInt64(1), Distinct: row.GetInt64(2), Updated: row.GetInt64(3)),
            cancel);
        if (found.Sum(f => f.Rows - f.Distinct) is > 0 and var twice)
            throw new TableRuleException(table, $"{twice} rows of the table match more than one row of the source: make the source's rows unique by the merge's condition");
        return [.. found.Select(f => new TouchedFile(plan.Candidates[f.File], f.File, f.Rows, f.Updated))];
    }

    /// <summary>The same files with the edited rows among those that their deletion vectors hide.</summary>
    private async Task<IReadOnlyList<AddFile>> MarkAsync(List<TouchedFile> files, string edits, DuckDBConnection connection, CancellationToken cancel)
    {
        var hidden = new List<IReadOnlyList<long>>(files.Count);
        foreach (var file in files)
        {
            var rows = await connection.ReadAsync(
                $"SELECT {Relation.RowColumn} FROM {edits} WHERE {Relation.FileColumn} = {file.Index}", row => row.GetInt64(0), cancel);
            hidden.Add([.. rows.Concat(await relations.DeletedRowsAsync(file.File, cancel)).Order()]);
        }

        var id = catalog.Options.NewId();
        var (content, vectors) = DeletionVectorFormat.WriteFile(id, hidden);
        await catalog.Objects.PutAsync(new ObjectKey(log.Root + DeletionVectorFormat.FilePath(vectors[0])), content, cancel);
        return [.. files.Zip(vectors, (file, vector) => file.File with { DeletionVector = vector, DataChange = true, Stats = FileStats.Loosened(file.File.Stats!) })];
    }

    /// <summary>What is written: rows that stay of files that are rewritten, rows as updated, new rows.</summary>
    private static List<string> Selects(EditPlan plan, string? edits, string target, List<TouchedFile> rewritten)
    {
        var columns = string.Join(", ", plan.Basis.Schema.Columns.Select(c => SqlName.Quote(c.Name)));
        var selects = new List<string>();
        if (rewritten.Count > 0)
        {
            // Written as NOT EXISTS, DuckDB would keep the rows of the files in memory.
            selects.Add($"""
                SELECT {columns} FROM {target} t
                ANTI JOIN {edits} e ON e.{Relation.FileColumn} = t.{Relation.FileColumn} AND e.{Relation.RowColumn} = t.{Relation.RowColumn}
                WHERE t.{Relation.FileColumn} IN ({string.Join(", ", rewritten.Select(f => f.Index))})
                """);
        }

        if (plan.HasUpdates) selects.Add($"SELECT {columns} FROM {edits} WHERE {EditPlan.Action} = '{EditPlan.Update}'");
        if (plan.Inserts is { } inserts) selects.Add($"SELECT {columns} FROM ({inserts}\n)");
        return selects;
    }

    /// <summary>Rows by what became of them. The files written must hold what stays, what was updated and what is new, and nothing else.</summary>
    private static (long Deleted, long Updated, long? Inserted) Counts(
        List<TouchedFile> touched, FileChanges result, List<TouchedFile> partial, List<TouchedFile> marked)
    {
        var updated = touched.Sum(file => file.Updated);
        var written = result.Adds.Skip(marked.Count).Aggregate((long?)0, (sum, file) => sum + FileStats.RowCount(file.StatsText));
        var stay = partial.Except(marked).Aggregate((long?)0, (sum, file) => sum + (file.Live - file.Rows));
        // A file of unknown length was rewritten: what is new among the rows written is then counted with what stays.
        return (touched.Sum(file => file.Rows) - updated, updated, stay is null ? 0 : written - stay - updated);
    }

    private sealed class FileChanges
    {
        public List<AddFile> Removes { get; } = [];

        public List<AddFile> Adds { get; } = [];

        public IReadOnlyList<ChangeFile> Changes { get; set; } = [];
    }

    /// <param name="Index">In the plan's candidates.</param>
    /// <param name="Rows">Rows to change.</param>
    private sealed record TouchedFile(AddFile File, int Index, long Rows, long Updated)
    {
        /// <summary>Rows that the file holds, deleted ones taken off; null when its stats do not say.</summary>
        public long? Live { get; } = FileStats.RowCount(File.StatsText) - (File.DeletionVector?.Cardinality ?? 0);
    }
}
