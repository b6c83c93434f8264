using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sluice.Unit.Cleaning;

/// <summary>
/// What the test pipeline must make of records, worked out without DuckDB and without the product's parser: a document model, and the
/// rules of the pipeline in C#.
/// </summary>
internal static class ReadingOracle
{
    private static readonly (string Name, string Type, bool Required)[] s_fields =
    [
        ("id", "bigint", true), ("name", "varchar", true), ("score", "double", false), ("active", "boolean", false), ("note", "varchar", false),
    ];

    /// <summary>By place: "clean id|name|score|active|note", "duplicate key", or "quarantined" and the reasons in order of their text.</summary>
    public static IReadOnlyList<string> Judge(IEnumerable<byte[]> records) => Judge(records, []);

    /// <summary>As above, with rules on rows that have no other fault: what comes of a row that breaks one is said by the rule.</summary>
    public static IReadOnlyList<string> Judge(IEnumerable<byte[]> records, IReadOnlyList<OracleRule> rules)
    {
        var keys = new HashSet<int>();
        return [.. records.Select(record => Judge(record, keys, rules))];
    }

    private static string Judge(byte[] record, HashSet<int> keys, IReadOnlyList<OracleRule> rules)
    {
        var faults = new SortedSet<string>(StringComparer.Ordinal);
        var row = Read(record, faults);
        if (faults.Count == 0) Check(row!, faults);
        if (faults.Count == 0)
        {
            foreach (var rule in rules) rule.Count(row!);
            var broken = rules.Where(rule => !rule.IsMet(row!)).ToList();
            faults.UnionWith(broken.Where(rule => rule.Quarantines).Select(rule => $"expectation {rule.Name}: not met"));
            if (faults.Count == 0 && broken.Any(rule => rule.Drops)) return "dropped";
        }

        if (faults.Count > 0) return "quarantined " + string.Join("; ", faults);
        var id = (int)(long)row!["id"]!;
        if (!keys.Add(id)) return $"duplicate {id}";
        return $"clean {string.Join('|', s_fields.Select(field => Text(row[field.Name])))}";
    }

    private static Dictionary<string, object?>? Read(byte[] record, SortedSet<string> faults)
    {
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(record);
        }
        catch (DecoderFallbackException)
        {
            faults.Add("not UTF-8");
            return null;
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(record, new JsonDocumentOptions { MaxDepth = 1000 });
        }
        catch (JsonException)
        {
            faults.Add("not JSON");
            return null;
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                faults.Add("not a JSON object");
                return null;
            }

            return s_fields.ToDictionary(field => field.Name, field => Value(document.RootElement, field, faults));
        }
    }

    private static object? Value(JsonElement record, (string Name, string Type, bool Required) field, SortedSet<string> faults)
    {
        var given = record.EnumerateObject().Where(property => property.Name == field.Name).Select(property => property.Value).ToList();
        if (given.Count == 0 && field.Required) faults.Add($"field {field.Name}: missing");
        if (given.Count > 1) faults.Add($"field {field.Name}: given twice");
        if (given.Count == 0) return null;
        var (value, fault) = Typed(given[0], field.Type);
        if (fault is not null) faults.Add($"field {field.Name}: {fault}");
        return value;
    }

    private static (object? Value, string? Fault) Typed(JsonElement value, string type)
    {
        var kind = value.ValueKind switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            _ => "null",
        };
        if (kind == "null") return (null, null);
        return (type, kind) switch
        {
            ("bigint", "number") when value.GetRawText().Any(c => c is '.' or 'e' or 'E') => (null, "not a whole number"),
            ("bigint", "number") => long.TryParse(value.GetRawText(), CultureInfo.InvariantCulture, out var number) ? (number, null) : (null, "value out of range"),
            ("double", "number") => double.Parse(value.GetRawText(), CultureInfo.InvariantCulture) is var number && double.IsFinite(number) ? (number, null) : (null, "value out of range"),
            ("boolean", "boolean") => (value.GetBoolean(), null),
            // Half a surrogate pair is JSON, but no character.
            ("varchar", "string") when value.GetRawText().Contains("\\ud800", StringComparison.Ordinal) => (null, "a \\u escape is no Unicode character"),
            ("varchar", "string") => (value.GetString(), null),
            ("varchar", "number" or "boolean") => (value.GetRawText(), null),
            _ => (null, $"{kind} for {type}"),
        };
    }

    private static void Check(Dictionary<string, object?> row, SortedSet<string> faults)
    {
        // The SQL casts the id; DuckDB's message quotes the number, so only its beginning is compared.
        if (row["id"] is long id && id is < int.MinValue or > int.MaxValue)
        {
            faults.Add("clean SQL");
            return;
        }

        if (row["id"] is null) faults.Add("key id: null after cleaning");
        row["name"] = ((string?)row["name"])?.Trim(' ') is { Length: > 0 } name ? name : null;
        if (row["name"] is null) faults.Add("column name: null after cleaning");
        if (row["name"] is string longName && new StringInfo(longName).LengthInTextElements > 20) faults.Add("check name_is_short: failed");
        if (row["score"] is double score && score is < 0 or > 100) faults.Add("check score_in_range: failed");
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        bool flag => flag ? "True" : "False",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}

/// <summary>An expectation in C#, and what it counted.</summary>
internal sealed class OracleRule(string name, Func<Dictionary<string, object?>, bool> isMet)
{
    public string Name => name;

    public bool Drops { get; init; }

    public bool Quarantines { get; init; }

    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public bool IsMet(Dictionary<string, object?> row) => isMet(row);

    public void Count(Dictionary<string, object?> row)
    {
        if (isMet(row)) Passed++;
        else Failed++;
    }
}
