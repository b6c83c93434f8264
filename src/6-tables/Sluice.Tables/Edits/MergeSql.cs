using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>The statements of a merge. Pairs of rows are found once, and everything else is worked out from them.</summary>
internal sealed class MergeSql(TableSchema schema, Merge merge, string target, string source)
{
    /// <summary>The number of a row of the source.</summary>
    public const string SourceRow = "_sluice_source";

    /// <summary>The select that the source is kept as.</summary>
    public static string Source(string select) => $"SELECT row_number() OVER () AS {SourceRow}, * FROM ({select}\n)";

    /// <summary>Rows of the table that match, whole, with the number of the source's row.</summary>
    public string Matches => $"SELECT target.*, source.{SourceRow} FROM {target} AS target JOIN {source} AS source ON ({merge.On}\n)";

    /// <summary>Rows to update and delete; null when no clause does.</summary>
    public string? Edits(string matches)
    {
        var matched = Of(MergeRows.Matched);
        var unmatched = Of(MergeRows.NotMatchedBySource);
        var selects = new List<string>();
        if (matched.Count > 0)
        {
            // Many rows of the source may ask for the same deletion: it is one.
            var once = matched.All(c => c.Action == MergeAction.Delete) ? "DISTINCT " : "";
            selects.Add($"SELECT {once}{Edited(matched, $"{matches} AS target JOIN {source} AS source USING ({SourceRow})")}");
        }

        if (unmatched.Count > 0)
        {
            var alone = $"""
                {target} AS target ANTI JOIN {matches} m
                ON m.{Relation.FileColumn} = target.{Relation.FileColumn} AND m.{Relation.RowColumn} = target.{Relation.RowColumn}
                """;
            selects.Add($"SELECT {Edited(unmatched, alone)}");
        }

        return selects.Count == 0 ? null : string.Join("\nUNION ALL ", selects);
    }

    /// <summary>Rows to insert; null when no clause does.</summary>
    public string? Inserts(string matches)
    {
        var clauses = Of(MergeRows.NotMatched);
        if (clauses.Count == 0) return null;
        var columns = schema.Columns.Select(c => $"{Choice(clauses, clause => Value(clause, c) ?? "NULL", c.DuckDbType)} AS {SqlName.Quote(c.Name)}");
        return $"""
            SELECT {string.Join(", ", columns)} FROM {source} AS source
            WHERE {Chosen(clauses)} IS NOT NULL AND {SourceRow} NOT IN (SELECT {SourceRow} FROM {matches})
            """;
    }

    private List<MergeClause> Of(MergeRows rows) => [.. merge.Clauses.Where(c => c.Rows == rows)];

    private string Edited(List<MergeClause> clauses, string from)
    {
        var actions = clauses.Select((c, i) => $"WHEN {i} THEN '{(c.Action == MergeAction.Delete ? EditPlan.Delete : EditPlan.Update)}'");
        var action = $"CASE {Chosen(clauses)} {string.Join(' ', actions)} END";
        var columns = merge.Clauses.Any(c => c.Action == MergeAction.Update)
            ? schema.Columns.Select(c => $", {Choice(clauses, clause => Edited(clause, c), c.DuckDbType)} AS {SqlName.Quote(c.Name)}")
            : [];
        return $"target.{Relation.FileColumn}, target.{Relation.RowColumn}, {action} AS {EditPlan.Action}{string.Concat(columns)} FROM {from} WHERE {Chosen(clauses)} IS NOT NULL";
    }

    private static string Edited(MergeClause clause, TableColumn column) =>
        clause.Action == MergeAction.Delete ? "NULL" : Value(clause, column) ?? $"target.{SqlName.Quote(column.Name)}";

    /// <summary>The number of the first clause that fits; null for none.</summary>
    private static string Chosen(List<MergeClause> clauses) =>
        $"CASE {string.Join(' ', clauses.Select((c, i) => $"WHEN ({c.Condition ?? "true"}\n) THEN {i}"))} END";

    private static string Choice(List<MergeClause> clauses, Func<MergeClause, string> value, string type) =>
        $"CASE {Chosen(clauses)} {string.Join(' ', clauses.Select((c, i) => $"WHEN {i} THEN CAST(({value(c)}) AS {type})"))} END";

    private static string? Value(MergeClause clause, TableColumn column) =>
        clause.Values.FirstOrDefault(v => v.Key.Equals(column.Name, StringComparison.OrdinalIgnoreCase)).Value;
}
