using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Analysis;
using Spectre.Console;

namespace Sluice.Console.Output;

/// <summary>The rows of a query for people and for programs.</summary>
internal static class RowWriter
{
    /// <summary>Rows of a table for people; more go to a file with --csv or --json.</summary>
    private const int TableRowsMax = 200;

    /// <summary>Characters of a cell for people.</summary>
    private const int CellCharactersMax = 80;

    // JSON has no number that is not finite; the texts "NaN" and "Infinity" are what readers of it expect.
    private static readonly JsonSerializerOptions s_json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>One JSON object per line.</summary>
    public static async Task WriteJsonAsync(QueryResult result, TextWriter output, CancellationToken cancel)
    {
        await foreach (var row in result.ReadAsync(cancel)) await output.WriteLineAsync(JsonSerializer.Serialize(Named(result, row), s_json));
    }

    /// <summary>A row by its columns' names, each once: the second <c>ind</c> of a join is <c>ind_1</c>.</summary>
    public static Dictionary<string, object?> Named(QueryResult result, IReadOnlyList<object?> row)
    {
        var named = new Dictionary<string, object?>(row.Count, StringComparer.Ordinal);
        for (var i = 0; i < row.Count; i++)
        {
            var name = result.Columns[i].Name;
            for (var n = 1; !named.TryAdd(name, Plain(row[i])); n++) name = string.Create(CultureInfo.InvariantCulture, $"{result.Columns[i].Name}_{n}");
        }

        return named;
    }

    /// <summary>RFC 4180 with a header line; null is an empty field and the empty text is "".</summary>
    public static async Task WriteCsvAsync(QueryResult result, TextWriter output, CancellationToken cancel)
    {
        await output.WriteLineAsync(string.Join(',', result.Columns.Select(c => Field(c.Name))));
        await foreach (var row in result.ReadAsync(cancel)) await output.WriteLineAsync(string.Join(',', row.Select(v => Field(Text(v)))));
    }

    public static async Task WriteTableAsync(QueryResult result, IAnsiConsole console, CancellationToken cancel)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in result.Columns) table.AddColumn(new TableColumn(new Text(column.Name)));
        var rows = 0;
        await foreach (var row in result.ReadAsync(cancel))
        {
            if (++rows > TableRowsMax) break;
            table.AddRow(row.Select(v => new Text(Short(Text(v) ?? "null"))));
        }

        console.Write(table);
        if (rows > TableRowsMax) console.WriteLine($"The first {TableRowsMax} rows; --csv and --json give all.");
    }

    private static string Field(string? text) =>
        text is null ? ""
        : text.Length == 0 || text.AsSpan().ContainsAny(',', '"', '\n') || text.Contains('\r', StringComparison.Ordinal)
            ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : text;

    private static string Base64(Stream bytes)
    {
        using var whole = new MemoryStream();
        using (bytes) bytes.CopyTo(whole);
        return Convert.ToBase64String(whole.GetBuffer(), 0, (int)whole.Length);
    }

    private static string Short(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= CellCharactersMax ? line : line[..(CellCharactersMax - 1)] + "…";
    }

    private static string? Text(object? value) => Plain(value) switch
    {
        null => null,
        string text => text,
        bool flag => flag ? "true" : "false",
        IEnumerable structured => JsonSerializer.Serialize(structured, s_json),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString(),
    };

    /// <summary>The value with times as ISO 8601 texts, which every reader understands alike, and bytes in base64.</summary>
    private static object? Plain(object? value) => value switch
    {
        DateTime { Kind: DateTimeKind.Unspecified } naive => naive.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFF", CultureInfo.InvariantCulture),
        DateTime time => time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        System.Numerics.BigInteger large => large.ToString(CultureInfo.InvariantCulture),
        Stream bytes => Base64(bytes),
        _ => value,
    };
}
