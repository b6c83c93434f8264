using System.Globalization;
using System.Text;
using Sluice.Tables;

namespace Sluice.Analysis;

/// <summary>A table as a statement asks for it: at a version or at a time.</summary>
/// <param name="View">The name that stands for it in the statement that DuckDB runs: columns are qualified by the table's own name.</param>
/// <param name="Name">As written, in any case.</param>
/// <param name="Version">Null when a time is asked for.</param>
internal sealed record PastTable(TableName View, TableName Name, long? Version, DateTimeOffset Time);

/// <summary>
/// Time travel in a statement: <c>batch.pin VERSION AS OF 3</c> and <c>batch.pin TIMESTAMP AS OF '2026-01-31'</c>, as Spark writes them,
/// with or without <c>FOR</c> before, and with an alias behind. DuckDB does not know them, so each is replaced by a name of its own.
/// </summary>
/// <remarks>https://docs.delta.io/latest/delta-batch.html#query-an-older-snapshot-of-a-table-time-travel</remarks>
internal sealed class PastTables
{
    private readonly Dictionary<TableName, PastTable> _byView = [];

    private PastTables(string sql) => Sql = sql;

    /// <summary>The statement for DuckDB.</summary>
    public string Sql { get; private set; }

    public IEnumerable<TableName> Views => _byView.Keys;

    /// <summary>What a name of <see cref="Sql"/> stands for; null for a table as it is now.</summary>
    public PastTable? Find(TableName view) => _byView.GetValueOrDefault(view);

    /// <exception cref="QueryRefusedException">A table is not named in full, or its version or time cannot be read.</exception>
    public static PastTables Of(string sql)
    {
        var past = new PastTables(sql);
        var tokens = SqlTokens.Read(sql);
        var edits = new SortedDictionary<int, SqlEdit>();
        for (var i = 1; i + 2 < tokens.Count; i++)
        {
            if (!IsAsOf(tokens, i)) continue;
            var last = tokens[i - 1].IsWord("FOR") ? i - 2 : i - 1;
            if (last < 0 || past.Read(tokens, last, i) is not { } found) continue;
            edits[last - 2] = new SqlEdit(tokens[last - 2].Start, tokens[found.End].End, Quote(found.View));
        }

        if (edits.Count == 0) return past;
        past.Qualify(tokens, edits);
        var text = new StringBuilder();
        var copied = 0;
        foreach (var edit in edits.Values)
        {
            text.Append(sql, copied, edit.Start - copied).Append(edit.Text);
            copied = edit.End;
        }

        past.Sql = text.Append(sql, copied, sql.Length - copied).ToString();
        return past;
    }

    /// <summary>
    /// Names columns in full (<c>batch.pin.title</c>) after the table as it was, where the statement reads it only so: beside the table as
    /// it is they are of that one.
    /// </summary>
    /// <exception cref="QueryRefusedException">The column may be of several versions of the table.</exception>
    private void Qualify(List<SqlToken> tokens, SortedDictionary<int, SqlEdit> edits)
    {
        var present = new HashSet<TableName>();
        var columns = new List<(int At, TableName Table)>();
        for (var i = 0; i + 2 < tokens.Count; i++)
        {
            var begins = tokens[i].IsName && tokens[i + 1].IsSymbol('.') && tokens[i + 2].IsName && (i == 0 || !tokens[i - 1].IsSymbol('.'));
            if (!begins || edits.ContainsKey(i)) continue;
            var table = Folded(new TableName(tokens[i].Value, tokens[i + 2].Value));
            if (i + 4 < tokens.Count && tokens[i + 3].IsSymbol('.') && tokens[i + 4].IsName) columns.Add((i, table));
            else present.Add(table);
        }

        foreach (var (at, table) in columns)
        {
            var views = _byView.Values.Where(v => Folded(v.Name) == table).Select(v => v.View).ToList();
            if (views.Count == 0 || present.Contains(table)) continue;
            if (views.Count > 1)
                throw new QueryRefusedException($"'{table}.{tokens[at + 4].Value}' may be of several versions of the table: give each of them an alias, and name columns by it");
            edits[at] = new SqlEdit(tokens[at].Start, tokens[at + 2].End, Quote(views[0]));
        }
    }

    private static TableName Folded(TableName name) => new(name.Namespace.ToLowerInvariant(), name.Name.ToLowerInvariant());

    private static bool IsAsOf(List<SqlToken> tokens, int i) =>
        (tokens[i].IsWord("VERSION") || tokens[i].IsWord("TIMESTAMP")) && tokens[i + 1].IsWord("AS") && tokens[i + 2].IsWord("OF");

    private static string Quote(TableName view) => $"{Sluice.Sql.SqlName.Quote(view.Namespace)}.{Sluice.Sql.SqlName.Quote(view.Name)}";

    /// <param name="last">The last token of the table's name.</param>
    /// <param name="keyword">VERSION or TIMESTAMP.</param>
    /// <returns>Null where the words mean something else: a column of that name with an alias.</returns>
    private (TableName View, int End)? Read(List<SqlToken> tokens, int last, int keyword)
    {
        if (!tokens[last].IsName) return null;
        var parts = 1;
        while (last - (2 * parts) >= 0 && tokens[last - (2 * parts) + 1].IsSymbol('.') && tokens[last - (2 * parts)].IsName) parts++;
        var at = keyword + 3;
        var byVersion = tokens[keyword].IsWord("VERSION");
        // TIMESTAMP AS OF TIMESTAMP '...' gives the text its type, which it has anyway.
        if (!byVersion && at + 1 < tokens.Count && tokens[at].Kind == SqlTokenKind.Word && tokens[at + 1].Kind == SqlTokenKind.Text) at++;
        var value = at < tokens.Count ? tokens[at] : default;
        if (value.Kind is not (SqlTokenKind.Digits or SqlTokenKind.Text) || value.Value is null)
        {
            if (parts == 1) return null;
            throw new QueryRefusedException($"after {(byVersion ? "VERSION AS OF stands a number, e.g. 3" : $"TIMESTAMP AS OF stands a text, e.g. '{TableTime.Form}'")}");
        }

        if (parts != 2)
            throw new QueryRefusedException(
                $"'{tokens[last].Value}' {tokens[keyword].Value.ToUpperInvariant()} AS OF needs the table's full name, e.g. batch.{tokens[last].Value}");
        return (Add(new TableName(tokens[last - 2].Value, tokens[last].Value), byVersion, value.Value), at);
    }

    private TableName Add(TableName name, bool byVersion, string value)
    {
        var (version, time) = ((long?)null, default(DateTimeOffset));
        if (byVersion) version = Version(value);
        else if (!TableTime.TryParse(value, out time)) throw new QueryRefusedException($"'{value}' is no time; write {TableTime.Form}");
        var view = new TableName($"{name.Namespace}@{value}".ToLowerInvariant(), name.Name.ToLowerInvariant());
        _byView[view] = new PastTable(view, name, version, time);
        return view;
    }

    private static long Version(string value) => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
        ? version
        : throw new QueryRefusedException($"'{value}' is no version; 'sluice history TABLE' lists them");

    /// <summary>A part of the statement, by its characters, and what stands there for DuckDB.</summary>
    private readonly record struct SqlEdit(int Start, int End, string Text);
}
