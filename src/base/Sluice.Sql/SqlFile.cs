namespace Sluice.Sql;

/// <summary>
/// A .sql file of a pipeline with its header: the comment lines <c>-- reads: a, b</c>, <c>-- writes: c</c> and
/// <c>-- grain: ...</c> before the first statement.
/// </summary>
/// <param name="Path">The file, for messages.</param>
/// <param name="Reads">Relations the statement selects from.</param>
/// <param name="Writes">The one relation it fills.</param>
/// <param name="Grain">What one row of the result stands for.</param>
/// <param name="Text">The statement, without a final semicolon.</param>
public sealed record SqlFile(string Path, IReadOnlyList<string> Reads, string Writes, string Grain, string Text)
{
    /// <summary>The line of the file that <see cref="Text"/> begins in.</summary>
    public int FirstLine { get; init; } = 1;

    /// <summary>The line of the header that says <c>reads:</c>.</summary>
    public int ReadsLine { get; init; } = 1;

    /// <summary>The line of the header that says <c>writes:</c>.</summary>
    public int WritesLine { get; init; } = 1;

    /// <summary>The statement as it stands.</summary>
    public SqlStatement Statement => new(Text, Path, FirstLine);

    /// <summary>
    /// The statement between other words, e.g. <c>Within("CREATE TEMP TABLE t AS (", ")")</c>; errors still name the line of this file.
    /// </summary>
    public SqlStatement Within(string before, string after)
    {
        ArgumentNullException.ThrowIfNull(before);
        // The text starts a line of its own, and a comment in its last line must not swallow what comes after.
        return new SqlStatement($"{before}\n{Text}\n{after}", Path, FirstLine - before.Count(c => c == '\n') - 1);
    }

    /// <summary>Reads a file and its header.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SqlFileParse Read(string path) => Parse(path, System.IO.File.ReadAllText(path));

    /// <summary>Parses the header of a file's content. The SQL itself is not looked at.</summary>
    public static SqlFileParse Parse(string path, string content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return new SqlHeader(path).Parse(content);
    }
}

/// <summary>The file when its header has no fault, else null and all the faults.</summary>
public sealed record SqlFileParse(SqlFile? File, IReadOnlyList<SqlFault> Faults);

/// <summary>Something wrong in a .sql file, with the remedy in the message. Line 1 is the first.</summary>
public sealed record SqlFault(string File, int Line, string Message);
