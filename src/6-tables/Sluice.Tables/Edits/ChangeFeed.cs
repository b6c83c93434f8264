using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Rows of the change data feed.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#add-cdc-file</remarks>
internal static class ChangeFeed
{
    public const string Folder = "_change_data";
    public const string TypeColumn = "_change_type";
    public const string VersionColumn = "_commit_version";
    public const string TimeColumn = "_commit_timestamp";

    /// <summary>What edits change, each row as it was and as it will be.</summary>
    public static string Select(EditPlan plan, string edits, string target)
    {
        var columns = string.Join(", ", plan.Basis.Schema.Columns.Select(c => SqlName.Quote(c.Name)));
        var before = string.Join(", ", plan.Basis.Schema.Columns.Select(c => $"t.{SqlName.Quote(c.Name)}"));
        var selects = new List<string>
        {
            $"""
            SELECT {before}, CASE e.{EditPlan.Action} WHEN '{EditPlan.Delete}' THEN 'delete' ELSE 'update_preimage' END AS {TypeColumn}
            FROM {target} t JOIN {edits} e ON e.{Relation.FileColumn} = t.{Relation.FileColumn} AND e.{Relation.RowColumn} = t.{Relation.RowColumn}
            """,
        };
        if (plan.HasUpdates) selects.Add($"SELECT {columns}, 'update_postimage' AS {TypeColumn} FROM {edits} WHERE {EditPlan.Action} = '{EditPlan.Update}'");
        if (plan.Inserts is { } inserts) selects.Add($"SELECT {columns}, 'insert' AS {TypeColumn} FROM ({inserts}\n)");
        return string.Join("\nUNION ALL ", selects);
    }
}
