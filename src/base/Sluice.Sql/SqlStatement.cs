namespace Sluice.Sql;

/// <summary>A statement and where it comes from, so that an error names the line a person can open.</summary>
/// <param name="Text">What DuckDB runs.</param>
/// <param name="File">The file it comes from; null for a statement of our own.</param>
/// <param name="FirstLine">The line of <paramref name="File"/> that the text's first line stands for (1 is the first).</param>
public readonly record struct SqlStatement(string Text, string? File = null, int FirstLine = 1)
{
    public static implicit operator SqlStatement(string text) => new(text);

    public static SqlStatement FromString(string text) => new(text);
}
