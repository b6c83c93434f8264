using System.Globalization;
using System.Text.Json;

namespace Sluice.Tables;

/// <summary>Reads a condition from the tree that DuckDB's <c>json_serialize_sql</c> gives; what it does not know is <see cref="RowTest.Unknown"/>.</summary>
/// <param name="qualifiers">Names that stand for the table before a column's name.</param>
/// <param name="alone">Whether a column without such a name is the table's.</param>
internal sealed class PredicateReader(StructType schema, IReadOnlyCollection<string> qualifiers, bool alone)
{
    public RowTest Read(JsonElement expression)
    {
        switch (Text(expression, "type"))
        {
            case "CONJUNCTION_AND": return new RowTest.All(Children(expression));
            case "CONJUNCTION_OR": return new RowTest.Some(Children(expression));
            case "OPERATOR_NOT": return Children(expression) is [var child] ? child.Negated : RowTest.Unknown;
            case "OPERATOR_IS_NULL": return Null(expression, wanted: true);
            case "OPERATOR_IS_NOT_NULL": return Null(expression, wanted: false);
            case "COMPARE_EQUAL": return Compare(expression, Comparison.Equal);
            case "COMPARE_NOTEQUAL": return Compare(expression, Comparison.NotEqual);
            case "COMPARE_LESSTHAN": return Compare(expression, Comparison.Less);
            case "COMPARE_LESSTHANOREQUALTO": return Compare(expression, Comparison.LessOrEqual);
            case "COMPARE_GREATERTHAN": return Compare(expression, Comparison.Greater);
            case "COMPARE_GREATERTHANOREQUALTO": return Compare(expression, Comparison.GreaterOrEqual);
            case "COMPARE_IN": return In(expression);
            case "COMPARE_BETWEEN": return Between(expression);
            default: return RowTest.Unknown;
        }
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static JsonElement[] Elements(JsonElement expression) =>
        expression.TryGetProperty("children", out var children) && children.ValueKind == JsonValueKind.Array ? [.. children.EnumerateArray()] : [];

    private RowTest[] Children(JsonElement expression) => [.. Elements(expression).Select(Read)];

    private RowTest Null(JsonElement expression, bool wanted) =>
        Elements(expression) is [var child] && Column(child) is { } field ? new RowTest.IsNull(field, wanted) : RowTest.Unknown;

    private RowTest Compare(JsonElement expression, Comparison comparison)
    {
        if (!expression.TryGetProperty("left", out var left) || !expression.TryGetProperty("right", out var right)) return RowTest.Unknown;
        return Column(left) is not null ? Test(left, comparison, right) : Test(right, comparison.Mirrored(), left);
    }

    private RowTest In(JsonElement expression) => Elements(expression) is [var column, .. var values] && values.Length > 0
        ? new RowTest.Some([.. values.Select(value => Test(column, Comparison.Equal, value))])
        : RowTest.Unknown;

    private RowTest Between(JsonElement expression)
    {
        if (!expression.TryGetProperty("input", out var input) || !expression.TryGetProperty("lower", out var lower) || !expression.TryGetProperty("upper", out var upper))
            return RowTest.Unknown;
        return new RowTest.All([Test(input, Comparison.GreaterOrEqual, lower), Test(input, Comparison.LessOrEqual, upper)]);
    }

    private RowTest Test(JsonElement column, Comparison comparison, JsonElement value) =>
        Column(column) is { } field && Constant(field.Type, value) is { } bound ? new RowTest.Compare(field, comparison, bound) : RowTest.Unknown;

    /// <summary>The column that an expression is; null for anything else, and for one that may be another table's.</summary>
    private StructField? Column(JsonElement expression)
    {
        if (Text(expression, "class") != "COLUMN_REF" || !expression.TryGetProperty("column_names", out var names)) return null;
        var parts = names.EnumerateArray().Select(n => n.GetString()!).ToArray();
        var known = parts.Length == 1 ? alone : parts.Length == 2 && qualifiers.Contains(parts[0], StringComparer.OrdinalIgnoreCase);
        return known ? schema.Fields.FirstOrDefault(f => f.Name.Equals(parts[^1], StringComparison.OrdinalIgnoreCase)) : null;
    }

    /// <summary>A constant as DuckDB compares it with the column's values; null when types differ in a way that may round.</summary>
    private static Bound? Constant(DeltaType type, JsonElement expression)
    {
        if (Text(expression, "type") == "OPERATOR_CAST") return Cast(type, expression);
        if (Text(expression, "class") != "CONSTANT" || !expression.TryGetProperty("value", out var value) || value.GetProperty("is_null").GetBoolean()) return null;
        var id = Text(value.GetProperty("type"), "id");
        var content = value.GetProperty("value");
        return id switch
        {
            "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" when content.ValueKind == JsonValueKind.Number && IsNumber(type) => Bound.Of(type, content.GetRawText()),
            "DECIMAL" when content.ValueKind == JsonValueKind.Number && IsNumber(type) => Bound.Of(type, Scaled(content.GetRawText(), value.GetProperty("type"))),
            "DOUBLE" when content.ValueKind == JsonValueKind.Number && type is PrimitiveType { Name: "double" } => Bound.Of(type, content.GetRawText()),
            // A text beside a date or a time is read as one.
            "VARCHAR" when type is PrimitiveType { Name: "string" or "date" or "timestamp" } => Bound.Of(type, content.GetString()!),
            _ => null,
        };
    }

    private static Bound? Cast(DeltaType type, JsonElement expression)
    {
        var to = Text(expression.GetProperty("cast_type"), "id");
        var fits = type switch
        {
            PrimitiveType { Name: "string" } => to == "VARCHAR",
            PrimitiveType { Name: "date" } => to == "DATE",
            PrimitiveType { Name: "timestamp" } => to is "TIMESTAMP WITH TIME ZONE" or "TIMESTAMP" or "DATE",
            _ => false,
        };
        var child = expression.GetProperty("child");
        if (!fits || Text(child, "class") != "CONSTANT" || !child.TryGetProperty("value", out var value) || value.GetProperty("is_null").GetBoolean()) return null;
        if (Text(value.GetProperty("type"), "id") != "VARCHAR") return null;
        var text = value.GetProperty("value").GetString()!;
        // A cast to a date takes the time off, and one without a zone takes the zone off.
        var plain = to switch { "DATE" => text.Length == 10, "TIMESTAMP" => !text.Contains('+') && !text.EndsWith('Z'), _ => true };
        return plain ? Bound.Of(type, text) : null;
    }

    private static bool IsNumber(DeltaType type) => type is DecimalType or PrimitiveType { Name: "byte" or "short" or "integer" or "long" or "double" };

    /// <summary>A decimal is written as its digits, and its type says where the point is.</summary>
    private static string Scaled(string digits, JsonElement type) =>
        string.Create(CultureInfo.InvariantCulture, $"{digits}E-{type.GetProperty("type_info").GetProperty("scale").GetInt32()}");
}
