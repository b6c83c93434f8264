namespace Sluice.Analysis;

/// <summary>What a token is, as far as it matters who is named where.</summary>
internal enum SqlTokenKind
{
    /// <summary>A name or a keyword.</summary>
    Word,

    /// <summary>A name in double quotes.</summary>
    QuotedName,

    /// <summary>A text, in single quotes or between dollars.</summary>
    Text,

    /// <summary>Digits alone.</summary>
    Digits,

    /// <summary>A single character of anything else.</summary>
    Symbol,
}

/// <summary>A token of a statement.</summary>
/// <param name="Value">The word as written, the name or text without its quotes, the symbol.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int End, string Value)
{
    public bool IsName => Kind is SqlTokenKind.Word or SqlTokenKind.QuotedName;

    public bool IsWord(string word) => Kind == SqlTokenKind.Word && Value.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSymbol(char symbol) => Kind == SqlTokenKind.Symbol && Value[0] == symbol;
}

/// <summary>Cuts a statement into tokens by the rules of DuckDB's scanner, which are PostgreSQL's; spaces and comments fall away.</summary>
/// <remarks>https://www.postgresql.org/docs/current/sql-syntax-lexical.html</remarks>
internal static class SqlTokens
{
    public static List<SqlToken> Read(string sql)
    {
        var tokens = new List<SqlToken>();
        for (var at = 0; at < sql.Length;)
        {
            if (char.IsWhiteSpace(sql[at])) at++;
            else if (At(sql, at, "--")) at = LineEnd(sql, at);
            else if (At(sql, at, "/*")) at = CommentEnd(sql, at);
            else
            {
                tokens.Add(Token(sql, at));
                at = tokens[^1].End;
            }
        }

        return tokens;
    }

    private static SqlToken Token(string sql, int at)
    {
        var c = sql[at];
        if (c is '\'' or '"') return Quoted(sql, at, at, c == '"' ? SqlTokenKind.QuotedName : SqlTokenKind.Text, escapes: false);
        if (c is 'e' or 'E' && At(sql, at + 1, "'")) return Quoted(sql, at, at + 1, SqlTokenKind.Text, escapes: true);
        if (c == '$' && Dollars(sql, at) is { } text) return text;
        if (char.IsAsciiDigit(c)) return Run(sql, at);
        if (!IsWordStart(c)) return new SqlToken(SqlTokenKind.Symbol, at, at + 1, c.ToString());
        var end = at + 1;
        while (end < sql.Length && (IsWordStart(sql[end]) || char.IsAsciiDigit(sql[end]) || sql[end] == '$')) end++;
        return new SqlToken(SqlTokenKind.Word, at, end, sql[at..end]);
    }

    private static bool IsWordStart(char c) => char.IsAsciiLetter(c) || c is '_' or > '\x7f';

    private static bool At(string sql, int at, string text) => string.CompareOrdinal(sql, at, text, 0, text.Length) == 0;

    private static int LineEnd(string sql, int at) => sql.AsSpan(at).IndexOfAny('\n', '\r') is >= 0 and var length ? at + length : sql.Length;

    /// <summary>Comments nest.</summary>
    private static int CommentEnd(string sql, int at)
    {
        for (var depth = 0; at < sql.Length; at++)
        {
            if (At(sql, at, "/*"))
            {
                depth++;
                at++;
            }
            else if (At(sql, at, "*/") && ++at > 0 && --depth == 0)
            {
                return at + 1;
            }
        }

        return sql.Length;
    }

    private static SqlToken Quoted(string sql, int start, int open, SqlTokenKind kind, bool escapes)
    {
        var (quote, value) = (sql[open], new System.Text.StringBuilder());
        var at = open + 1;
        for (; at < sql.Length; at++)
        {
            if (escapes && sql[at] == '\\' && at + 1 < sql.Length) at++;
            else if (sql[at] == quote && At(sql, at + 1, quote.ToString())) at++;
            else if (sql[at] == quote) break;
            value.Append(sql[at]);
        }

        return new SqlToken(kind, start, Math.Min(at + 1, sql.Length), value.ToString());
    }

    /// <summary><c>$$text$$</c> or <c>$tag$text$tag$</c>; null for a parameter (<c>$1</c>).</summary>
    private static SqlToken? Dollars(string sql, int at)
    {
        var end = at + 1;
        while (end < sql.Length && (IsWordStart(sql[end]) || (end > at + 1 && char.IsAsciiDigit(sql[end])))) end++;
        if (end >= sql.Length || sql[end] != '$') return null;
        var tag = sql[at..(end + 1)];
        var close = sql.IndexOf(tag, end + 1, StringComparison.Ordinal);
        return close < 0
            ? new SqlToken(SqlTokenKind.Text, at, sql.Length, sql[(end + 1)..])
            : new SqlToken(SqlTokenKind.Text, at, close + tag.Length, sql[(end + 1)..close]);
    }

    private static SqlToken Run(string sql, int at)
    {
        var end = at;
        while (end < sql.Length && char.IsAsciiDigit(sql[end])) end++;
        return new SqlToken(SqlTokenKind.Digits, at, end, sql[at..end]);
    }
}
