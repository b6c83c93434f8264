using System.Text.Json;
using Sluice.Definition;
using Sluice.Source;

namespace Sluice.Conformance.Pipelines;

/// <summary>Raw rows as texts by field name, for the independent computation.</summary>
internal static class SampleTables
{
    /// <summary>The rows of a CSV file (RFC 4180), by a reader of its own.</summary>
    public static IEnumerable<IReadOnlyDictionary<string, string?>> Csv(string file)
    {
        var records = Records(File.ReadAllText(file)).ToList();
        foreach (var record in records.Skip(1)) yield return records[0].Zip(record).ToDictionary(p => p.First, p => (string?)p.Second);
    }

    /// <summary>The rows of a source, of which only the posted JSON is known.</summary>
    public static async Task<List<IReadOnlyDictionary<string, string?>>> JsonAsync(IRowSource source, Dataset dataset)
    {
        var rows = new List<IReadOnlyDictionary<string, string?>>();
        await foreach (var row in source.ReadAsync(dataset.Table, 0, long.MaxValue, CancellationToken.None))
        {
            using var json = JsonDocument.Parse(row);
            rows.Add(json.RootElement.EnumerateObject().ToDictionary(
                p => p.Name, p => p.Value.ValueKind == JsonValueKind.Null ? null : p.Value.ToString()));
        }

        return rows;
    }

    private static IEnumerable<List<string>> Records(string text)
    {
        var record = new List<string>();
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                var end = at + 1;
                while (text[end] != '"' || (end + 1 < text.Length && text[end + 1] == '"')) end += text[end] == '"' ? 2 : 1;
                record.Add(text[(at + 1)..end].Replace("\"\"", "\"", StringComparison.Ordinal));
                at = end + 1;
            }
            else
            {
                var end = text.AsSpan(at).IndexOfAny(",\r\n");
                record.Add(text.Substring(at, end));
                at += end;
            }

            if (text[at] == ',') continue;
            if (text[at] == '\r') at++;
            yield return record;
            record = [];
        }
    }
}
