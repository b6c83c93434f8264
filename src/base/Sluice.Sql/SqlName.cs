namespace Sluice.Sql;

/// <summary>Texts made safe to stand inside a statement, for the places where a parameter cannot.</summary>
public static class SqlName
{
    /// <summary>An identifier in double quotes.</summary>
    public static string Quote(string identifier)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        return $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>A string literal in single quotes.</summary>
    public static string Literal(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
