using System.Text.Json;
using Sluice.Tables;

namespace Sluice.Analysis;

/// <summary>What a statement selects from, so that only the tables it needs are opened: a catalog may hold hundreds.</summary>
internal sealed class NamedRelations
{
    private readonly HashSet<(string Schema, string Name)> _names = [];
    private bool _looksAtCatalog;

    /// <summary>Collects the names from a statement that DuckDB serialised.</summary>
    public static NamedRelations Of(JsonElement tree)
    {
        var named = new NamedRelations();
        named.Visit(tree);
        return named;
    }

    /// <summary>
    /// The tables to open. A statement that names something else (information_schema, SHOW, a table function) may look at any
    /// table, and so gets all; so does one that names nothing but its own CTEs, which costs time and harms nobody.
    /// </summary>
    public IEnumerable<TableName> Among(IReadOnlyList<TableName> tables)
    {
        var all = _looksAtCatalog || _names.Any(n => !tables.Any(t => Matches(n, t)));
        return all ? tables : tables.Where(t => _names.Any(n => Matches(n, t)));
    }

    private static bool Matches((string Schema, string Name) named, TableName table) =>
        string.Equals(named.Name, table.Name, StringComparison.OrdinalIgnoreCase)
        && (named.Schema.Length == 0 || string.Equals(named.Schema, table.Namespace, StringComparison.OrdinalIgnoreCase));

    private void Visit(JsonElement node)
    {
        if (node.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in node.EnumerateArray()) Visit(item);
        }
        else if (node.ValueKind == JsonValueKind.Object)
        {
            var type = node.TryGetProperty("type", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            if (type == "BASE_TABLE") _names.Add((Text(node, "schema_name"), Text(node, "table_name")));
            _looksAtCatalog |= type is "SHOW_REF" or "TABLE_FUNCTION";
            foreach (var property in node.EnumerateObject()) Visit(property.Value);
        }
    }

    private static string Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
