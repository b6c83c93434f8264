namespace Sluice.Tables;

/// <summary>What a change of rows did.</summary>
/// <param name="Commit">
/// How its commit ended; null when there was nothing to change. After a conflict nothing was changed, and the counts say what would have
/// been: run it again.
/// </param>
public sealed record RowChange(CommitResult? Commit, long RowsDeleted, long RowsUpdated, long RowsInserted)
{
    /// <summary>Whether the table is as asked for: committed, or nothing had to be.</summary>
    public bool Done => Commit is null or { Outcome: CommitOutcome.Committed };
}

/// <summary>
/// Rows of a source against rows of a table: what is in both, in the source alone, in the table alone. Expressions are DuckDB's SQL,
/// in which <c>target</c> is the table and <c>source</c> the source.
/// </summary>
/// <param name="Source">A select; it is run once.</param>
/// <param name="On">When a row of the source and one of the table are the same thing, e.g. <c>target.id = source.id</c>.</param>
/// <param name="Clauses">For each row the first clause that fits is done.</param>
public sealed record Merge(string Source, string On, IReadOnlyList<MergeClause> Clauses);

/// <summary>One <c>WHEN ... THEN ...</c> of a merge.</summary>
/// <param name="Condition">Narrows the rows; null for all. For rows of one side only, it names that side alone.</param>
/// <param name="Values">Expressions by column; columns left out keep their value, or are null in an insert.</param>
public sealed record MergeClause(MergeRows Rows, MergeAction Action, string? Condition, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>Every column from the source's column of the same name.</summary>
    public static IReadOnlyDictionary<string, string> AllFromSource(TableSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return schema.Columns.ToDictionary(c => c.Name, c => $"source.{Sql.SqlName.Quote(c.Name)}");
    }
}

/// <summary>Which rows a clause is for.</summary>
public enum MergeRows
{
    /// <summary>In the table and in the source.</summary>
    Matched,

    /// <summary>In the source only.</summary>
    NotMatched,

    /// <summary>In the table only.</summary>
    NotMatchedBySource,
}

/// <summary>What a clause does.</summary>
public enum MergeAction
{
    Update,
    Delete,
    Insert,
}
