namespace Sluice.Sql;

/// <summary>Parses what stands above the statement of a .sql file: comment lines, three of them with a meaning.</summary>
internal sealed class SqlHeader(string path)
{
    private readonly Dictionary<string, (int Line, string Value)> _entries = new(StringComparer.Ordinal);
    private readonly List<SqlFault> _faults = [];

    public SqlFileParse Parse(string content)
    {
        var lines = content.ReplaceLineEndings("\n").Split('\n');
        var first = 0;
        while (first < lines.Length && IsHeader(lines[first])) ReadLine(first + 1, lines[first++]);

        var text = string.Join('\n', lines[first..]).TrimEnd();
        while (text.EndsWith(';')) text = text[..^1].TrimEnd();
        if (text.Length == 0) Fault(lines.Length, "the file holds no statement below its header");

        var reads = Names("reads", "source");
        var writes = Names("writes", "answer");
        if (writes.Length != 1 && Line("writes") is { } line)
            Fault(line, "a statement fills one relation: name one after 'writes:'");
        var grain = Value("grain", "one row per country");

        var file = _faults.Count > 0
            ? null
            : new SqlFile(path, reads, writes[0], grain, text)
            {
                FirstLine = first + 1,
                ReadsLine = Line("reads") ?? 1,
                WritesLine = Line("writes") ?? 1,
            };
        return new SqlFileParse(file, _faults);
    }

    private static bool IsHeader(string line) => line.AsSpan().Trim() is [] or ['-', '-', ..];

    private void ReadLine(int number, string line)
    {
        var comment = line.AsSpan().Trim().TrimStart('-').Trim();
        var colon = comment.IndexOf(':');
        if (colon < 0) return;
        var key = comment[..colon].Trim().ToString();
        if (key is not ("reads" or "writes" or "grain")) return;
        if (!_entries.TryAdd(key, (number, comment[(colon + 1)..].Trim().ToString())))
            Fault(number, $"the header says '{key}:' a second time; keep one");
    }

    private int? Line(string key) => _entries.TryGetValue(key, out var entry) && entry.Value.Length > 0 ? entry.Line : null;

    private string Value(string key, string example)
    {
        if (_entries.TryGetValue(key, out var entry))
        {
            if (entry.Value.Length == 0) Fault(entry.Line, $"'{key}:' names nothing; write e.g. '-- {key}: {example}'");
            return entry.Value;
        }

        Fault(1, $"the header lacks '{key}:'; add e.g. '-- {key}: {example}' above the statement");
        return "";
    }

    private string[] Names(string key, string example) =>
        Value(key, example).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private void Fault(int line, string message) => _faults.Add(new SqlFault(path, line, message));
}
