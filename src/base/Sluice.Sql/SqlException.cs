using DuckDB.NET.Data;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Sql;

/// <summary>A statement failed. The message is for people: the file and line when it came from a file, and DuckDB's reason.</summary>
public sealed partial class SqlException : Exception
{
    private SqlException(string? file, int? line, string reason, DuckDBException cause)
        : base(file is null ? reason : line is null ? $"{file}: {reason}" : $"{file}:{line}: {reason}", cause)
    {
        File = file;
        Line = line;
        Reason = reason;
    }

    /// <summary>The file the statement comes from; null for a statement that comes from none.</summary>
    public string? File { get; }

    /// <summary>The line of <see cref="File"/>; null when DuckDB names no place.</summary>
    public int? Line { get; }

    /// <summary>What DuckDB says, in one line.</summary>
    public string Reason { get; }

    /// <summary>Whether the memory limit was the reason: the same statement may pass with fewer threads or more memory.</summary>
    public bool OutOfMemory => Reason.StartsWith("Out of Memory Error", StringComparison.Ordinal);

    /// <summary>What DuckDB threw while it ran the statement, as an error that names the statement's file and line.</summary>
    public static SqlException From(DuckDBException cause, SqlStatement statement)
    {
        ArgumentNullException.ThrowIfNull(cause);
        var place = Place().Match(cause.Message);
        var reason = Space().Replace(place.Success ? cause.Message[..place.Index] : cause.Message, " ").Trim();
        int? line = place.Success && statement.File is not null
            ? int.Parse(place.Groups["line"].ValueSpan, CultureInfo.InvariantCulture) + statement.FirstLine - 1
            : null;
        return new SqlException(statement.File, line, reason, cause);
    }

    // DuckDB ends a message about a place with "LINE 2: the text of the line" and a caret below it.
    [GeneratedRegex(@"\n\s*LINE (?<line>\d+):")]
    private static partial Regex Place();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
