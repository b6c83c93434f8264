using System.Text.Json;
using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Makes plans of deletes, updates, merges and overwrites.</summary>
internal sealed class EditPlans(TableName table, RowEdits edits)
{
    public async Task<RowChange> DeleteAsync(ReadSet read, string predicate, DuckDBConnection connection, CancellationToken cancel)
    {
        using var target = await edits.TargetAsync(read.Basis, read.Files, connection, cancel);
        var plan = new EditPlan("DELETE", Predicate(predicate), read.Basis, read.Files)
        {
            MayRead = read.MayRead,
            Edits = Deletes(target, predicate),
        };
        return await edits.RunAsync(plan, target, connection, cancel);
    }

    public async Task<RowChange> UpdateAsync(
        ReadSet read, string predicate, IReadOnlyDictionary<string, string> values, DuckDBConnection connection, CancellationToken cancel)
    {
        RequireColumns(read.Basis, values);
        using var target = await edits.TargetAsync(read.Basis, read.Files, connection, cancel);
        var columns = read.Basis.Schema.Columns.Select(c => values.FirstOrDefault(v => Same(v.Key, c.Name)).Value is { } value
            ? $"CAST(({value}) AS {c.DuckDbType}) AS {SqlName.Quote(c.Name)}"
            : SqlName.Quote(c.Name));
        var plan = new EditPlan("UPDATE", Predicate(predicate), read.Basis, read.Files)
        {
            MayRead = read.MayRead,
            HasUpdates = true,
            Edits = $"SELECT {Place()}, '{EditPlan.Update}' AS {EditPlan.Action}, {string.Join(", ", columns)} FROM {target.Name} WHERE ({predicate}\n)",
        };
        return await edits.RunAsync(plan, target, connection, cancel);
    }

    /// <summary>Rows that meet a predicate are replaced by those of a select, which must meet it too.</summary>
    public async Task<RowChange> ReplaceAsync(ReadSet read, string predicate, string select, DuckDBConnection connection, CancellationToken cancel)
    {
        using var source = await TempRelation.TableAsync(connection, select, cancel);
        await TableRules.CheckAsync(table, [new TableRule("predicate of the overwrite", predicate)], connection, source.Name, cancel);
        using var target = await edits.TargetAsync(read.Basis, read.Files, connection, cancel);
        var plan = new EditPlan("WRITE", new Dictionary<string, string> { ["mode"] = "Overwrite", ["predicate"] = predicate }, read.Basis, read.Files)
        {
            MayRead = read.MayRead,
            Edits = Deletes(target, predicate),
            Inserts = $"SELECT * FROM {source.Name}",
            KeepsInserts = true,
        };
        return await edits.RunAsync(plan, target, connection, cancel);
    }

    public async Task<RowChange> MergeAsync(ReadSet read, TempRelation source, Merge merge, DuckDBConnection connection, CancellationToken cancel)
    {
        foreach (var clause in merge.Clauses) RequireFits(read.Basis, clause);
        using var target = await edits.TargetAsync(read.Basis, read.Files, connection, cancel);
        var sql = new MergeSql(read.Basis.Schema, merge, target.Name, source.Name);
        using var matches = await TempRelation.TableAsync(connection, sql.Matches, cancel);
        var plan = new EditPlan("MERGE", Predicate(merge.On), read.Basis, read.Files)
        {
            MayRead = read.MayRead,
            HasUpdates = merge.Clauses.Any(c => c.Action == MergeAction.Update),
            Edits = sql.Edits(matches.Name),
            Inserts = sql.Inserts(matches.Name),
        };
        return await edits.RunAsync(plan, target, connection, cancel);
    }

    private static string Deletes(TempRelation target, string predicate) =>
        $"SELECT {Place()}, '{EditPlan.Delete}' AS {EditPlan.Action} FROM {target.Name} WHERE ({predicate}\n)";

    private static string Place() => $"{Relation.FileColumn}, {Relation.RowColumn}";

    private static Dictionary<string, string> Predicate(string predicate) => new() { ["predicate"] = JsonSerializer.Serialize(new[] { predicate }) };

    private void RequireFits(Snapshot basis, MergeClause clause)
    {
        RequireColumns(basis, clause.Values);
        if (clause.Action == MergeAction.Insert != (clause.Rows == MergeRows.NotMatched))
            throw new TableRuleException(table, $"a merge cannot {clause.Action} rows that are {clause.Rows}: rows of the source only are inserted, others are updated or deleted");
    }

    private void RequireColumns(Snapshot basis, IReadOnlyDictionary<string, string> values)
    {
        foreach (var name in values.Keys)
        {
            if (!basis.Schema.Columns.Any(c => Same(c.Name, name)))
                throw new TableSchemaException(table, $"it has no column '{name}'; its columns are {string.Join(", ", basis.Schema.Columns.Select(c => c.Name))}");
        }
    }

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The part of a table that a change of rows looks at.</summary>
/// <param name="Files">Live files of the basis that may hold rows to look at.</param>
/// <param name="MayRead">Whether any file may; null when every one may.</param>
internal sealed record ReadSet(Snapshot Basis, IReadOnlyList<AddFile> Files, Func<AddFile, bool>? MayRead);
