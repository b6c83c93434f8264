using System.Text.RegularExpressions;

namespace Sluice.Definition;

/// <summary>The types that pipeline.yaml may name.</summary>
internal static partial class SqlTypes
{
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
        return Column.Contains(item, StringComparer.OrdinalIgnoreCase) || DecimalType().IsMatch(item)
            ? type.Replace(" ,", ",", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal).ToUpperInvariant()
            : null;
    }

    // Spark and DuckDB both hold at most 38 digits.
    [GeneratedRegex(@"^decimal\((?:[1-9]|[12][0-9]|3[0-8]) ?, ?(?:[0-9]|[12][0-9]|3[0-8])\)$", RegexOptions.IgnoreCase)]
    private static partial Regex DecimalType();
}
