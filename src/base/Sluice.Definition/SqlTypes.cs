using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Definition;

/// <summary>The types that pipeline.yaml may name.</summary>
internal static partial class SqlTypes
{
    // What DuckDB, Delta and Spark can hold.
    private const int DecimalDigitsMax = 38;

    /// <summary>Types of raw JSON fields.</summary>
    public static IReadOnlyList<string> Raw { get; } = ["bigint", "double", "boolean", "varchar"];

    /// <summary>Types of columns: those that DuckDB, Delta and Spark all have. Each may be followed by [].</summary>
    public static IReadOnlyList<string> Column { get; } =
    [
        "boolean", "tinyint", "smallint", "integer", "bigint", "float", "double", "decimal(p,s)", "varchar", "blob", "date",
        "timestamp", "timestamp with time zone",
    ];

    /// <summary>The type as DuckDB's DESCRIBE prints it; null when it is none of <see cref="Column"/>.</summary>
    public static string? Canonical(string type)
    {
        var item = type.EndsWith("[]", StringComparison.Ordinal) ? type[..^2] : type;
        var isKnown = Column.Contains(item, StringComparer.OrdinalIgnoreCase) && !item.Contains('(', StringComparison.Ordinal);
        if (!isKnown && !IsDecimal(item)) return null;
        return type.Replace(" ,", ",", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal).ToUpperInvariant();
    }

    private static bool IsDecimal(string type)
    {
        if (DecimalType().Match(type) is not { Success: true } match) return false;
        var precision = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        var scale = int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        return precision is >= 1 and <= DecimalDigitsMax && scale <= precision;
    }

    [GeneratedRegex(@"^decimal\(([0-9]{1,2}) ?, ?([0-9]{1,2})\)$", RegexOptions.IgnoreCase)]
    private static partial Regex DecimalType();
}
