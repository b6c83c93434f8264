using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Tables;

/// <summary>One bound of a column, from DuckDB's text to the JSON of Delta's stats.</summary>
internal static class StatValue
{
    /// <summary>Code points kept of a string: the length that Spark writes (<c>delta.dataSkippingStringPrefixLength</c>).</summary>
    public const int StringPrefix = 32;

    private static readonly JsonSerializerOptions s_text = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] s_zoned = ["yyyy-MM-dd HH:mm:ss.FFFFFFzz", "yyyy-MM-dd HH:mm:ss.FFFFFFzzz"];

    /// <summary>The JSON value, or null when the type has no bounds or the value has no JSON form that readers compare rightly.</summary>
    public static string? Json(DeltaType type, string text, bool isMax) => type switch
    {
        DecimalType => Leading(text),
        PrimitiveType { Name: "byte" or "short" or "integer" or "long" } => text,
        PrimitiveType { Name: "float" } => float.TryParse(text, CultureInfo.InvariantCulture, out var f) ? Number(f, isMax) : null,
        PrimitiveType { Name: "double" } => double.TryParse(text, CultureInfo.InvariantCulture, out var d) ? Number(d, isMax) : null,
        PrimitiveType { Name: "string" } => (isMax ? MaxPrefix(text) : MinPrefix(text)) is { } prefix ? JsonSerializer.Serialize(prefix, s_text) : null,
        PrimitiveType { Name: "date" } => Date(text),
        PrimitiveType { Name: "timestamp" } => Timestamp(text),
        _ => null,
    };

    /// <summary>DuckDB prints a decimal that is all fraction without the zero that JSON wants before the point.</summary>
    private static string Leading(string text) => text.StartsWith('.') ? $"0{text}" : text.StartsWith("-.", StringComparison.Ordinal) ? $"-0{text[1..]}" : text;

    /// <summary>The first <see cref="StringPrefix"/> code points.</summary>
    public static string MinPrefix(string text) => text[..PrefixLength(text)];

    /// <summary>A short text that no text with the same prefix is greater than, in code point order; null when there is none.</summary>
    public static string? MaxPrefix(string text)
    {
        var length = PrefixLength(text);
        if (length == text.Length) return text;
        var runes = text[..length].EnumerateRunes().ToList();
        for (var i = runes.Count - 1; i >= 0; i--)
        {
            if (Next(runes[i]) is not { } next) continue;
            runes[i] = next;
            return string.Concat(runes.Take(i + 1).Select(r => r.ToString()));
        }

        return null;
    }

    /// <summary>The UTF-16 length of the prefix; a pair is never cut.</summary>
    private static int PrefixLength(string text)
    {
        var at = 0;
        for (var points = 0; points < StringPrefix && at < text.Length; points++) at += char.IsSurrogatePair(text, at) ? 2 : 1;
        return at;
    }

    private static Rune? Next(Rune rune) => rune.Value switch
    {
        0x10FFFF => null,
        0xD7FF => new Rune(0xE000),
        var value => new Rune(value + 1),
    };

    /// <summary>A float is written as the exact double, and a zero with the sign that bounds both zeros, so that any comparison of readers holds.</summary>
    private static string? Number(double value, bool isMax)
    {
        if (!double.IsFinite(value)) return null;
        if (value == 0) return isMax ? "0.0" : "-0.0";
        return value.ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>Years beyond 1 to 9999 and infinities have no portable form.</summary>
    private static string? Date(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? $"\"{text}\"" : null;

    /// <summary>Cut to milliseconds, as every writer does; readers widen the upper bound by one.</summary>
    private static string? Timestamp(string text) =>
        DateTimeOffset.TryParseExact(text, s_zoned, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? $"\"{time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)}\""
            : null;
}
