using System.Text.Json;
using Sluice.Tables;

namespace Sluice.Analysis;

/// <summary>Where a statement reads each table, and the condition that rows meet there; so that files without such rows are not opened.</summary>
internal sealed class TableUses
{
    private readonly List<Use> _uses = [];
    private bool _unknown;

    /// <summary>Collects the uses from a statement that DuckDB serialised.</summary>
    public static TableUses Of(JsonElement tree)
    {
        var uses = new TableUses();
        uses.Visit(tree);
        return uses;
    }

    /// <summary>The files that the statement may need of a table.</summary>
    public IReadOnlyCollection<AddFile> Files(TableName table, Snapshot snapshot)
    {
        var own = _uses.Where(use => use.IsOf(table)).ToList();
        if (_unknown || own.Count == 0 || own.Any(use => use.Where is null)) return snapshot.Files;
        var filters = own.Select(use => FileFilter.Of(snapshot, use.Where!.Value, [use.Alias], use.Alone)).ToList();
        return [.. snapshot.Files.Where(FileFilter.Any(filters))];
    }

    private void Visit(JsonElement node)
    {
        if (node.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in node.EnumerateArray()) Visit(item);
        }
        else if (node.ValueKind == JsonValueKind.Object)
        {
            var type = Text(node, "type");
            // What a function or a listing reads is not known.
            _unknown |= type is "SHOW_REF" or "TABLE_FUNCTION";
            if (type == "BASE_TABLE") _uses.Add(Use.Of(node, null, alone: false));
            var filtered = type == "SELECT_NODE" && Filter(node);
            foreach (var property in node.EnumerateObject())
            {
                if (!filtered || property.Name != "from_table") Visit(property.Value);
            }
        }
    }

    /// <summary>Notes tables that a select reads under its own WHERE: its only one, or those of inner joins, each row of which must pass it.</summary>
    private bool Filter(JsonElement select)
    {
        if (!Present(select, "where_clause", out var where) || !Present(select, "from_table", out var from) || Present(select, "sample", out _)) return false;
        var tables = new List<JsonElement>();
        var rest = new List<JsonElement>();
        if (!Inner(from, tables, rest)) return false;
        foreach (var table in tables) _uses.Add(Use.Of(table, Present(table, "sample", out _) ? null : where, alone: tables.Count == 1 && rest.Count == 0));
        foreach (var other in rest) Visit(other);
        return true;
    }

    private static bool Inner(JsonElement from, List<JsonElement> tables, List<JsonElement> rest)
    {
        switch (Text(from, "type"))
        {
            case "BASE_TABLE":
                tables.Add(from);
                return true;
            case "JOIN" when Text(from, "join_type") == "INNER" && Text(from, "ref_type") is "REGULAR" or "CROSS":
                if (Present(from, "condition", out var condition)) rest.Add(condition);
                return Inner(from.GetProperty("left"), tables, rest) && Inner(from.GetProperty("right"), tables, rest);
            default:
                return false;
        }
    }

    private static bool Present(JsonElement node, string name, out JsonElement value) =>
        node.TryGetProperty(name, out value) && value.ValueKind is JsonValueKind.Object or JsonValueKind.Array;

    private static string Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";

    /// <param name="Alias">The name that columns of this use are qualified by.</param>
    /// <param name="Where">Null when every row may be needed.</param>
    private sealed record Use(string Schema, string Name, string Alias, JsonElement? Where, bool Alone)
    {
        public static Use Of(JsonElement table, JsonElement? where, bool alone)
        {
            var (name, alias) = (Text(table, "table_name"), Text(table, "alias"));
            // Renamed columns (AS t(x, y)) would have other names in the condition.
            var renamed = table.TryGetProperty("column_name_alias", out var names) && names.ValueKind == JsonValueKind.Array && names.GetArrayLength() > 0;
            return new Use(Text(table, "schema_name"), name, alias.Length > 0 ? alias : name, renamed ? null : where, alone);
        }

        public bool IsOf(TableName table) => string.Equals(Name, table.Name, StringComparison.OrdinalIgnoreCase)
            && (Schema.Length == 0 || string.Equals(Schema, table.Namespace, StringComparison.OrdinalIgnoreCase));
    }
}
