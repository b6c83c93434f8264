using System.Globalization;

namespace Sluice.Console.Settings;

/// <summary>The kinds of single values a setting can have, and how they are written.</summary>
internal static class Scalar
{
    public static bool IsKnown(Type type) =>
        type.IsEnum || type == typeof(string) || type == typeof(int) || type == typeof(long) || type == typeof(double)
        || type == typeof(bool) || type == typeof(TimeSpan) || type == typeof(ByteSize);

    public static bool TryParse(Type type, string text, out object? value)
    {
        var invariant = CultureInfo.InvariantCulture;
        value = null;
        if (type == typeof(string)) value = text;
        else if (type == typeof(bool) && bool.TryParse(text, out var flag)) value = flag;
        else if (type == typeof(int) && int.TryParse(text, NumberStyles.Integer, invariant, out var number)) value = number;
        else if (type == typeof(long) && long.TryParse(text, NumberStyles.Integer, invariant, out var big)) value = big;
        else if (type == typeof(double) && double.TryParse(text, NumberStyles.Float, invariant, out var real)) value = real;
        else if (type == typeof(TimeSpan) && TryParseDuration(text, out var span)) value = span;
        else if (type == typeof(ByteSize) && ByteSize.TryParse(text, out var size)) value = size;
        else if (type.IsEnum) value = NamedValue(type, text.Replace("-", ""));
        return value is not null;
    }

    /// <summary>By name alone: numbers and lists of names are for programs, and a number needs no value of that number.</summary>
    private static object? NamedValue(Type type, string text) =>
        Enum.GetNames(type).FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name ? Enum.Parse(type, name) : null;

    public static string Describe(Type type) => type switch
    {
        { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(type).Select(n => n.ToLowerInvariant()))}",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(TimeSpan) => "a duration such as 500ms, 30s, 15m, 2h or 7d",
        _ when type == typeof(ByteSize) => "a size such as 65536, 64KB, 400MB or 2GB",
        _ when type == typeof(string) => "a text; quote one that holds special characters",
        _ => "a number",
    };

    public static bool TryParseDuration(string text, out TimeSpan span)
    {
        (string Suffix, TimeSpan Unit)[] units =
        [
            ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)),
            ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
        ];
        foreach (var (suffix, unit) in units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(text[..^suffix.Length], NumberStyles.Float, CultureInfo.InvariantCulture, out var count))
            {
                span = count * unit;
                return true;
            }
        }

        span = default;
        return false;
    }
}

/// <summary>A number of bytes; written 65536, 64KB, 400MB or 2GB, a KB being 1,024 bytes.</summary>
internal readonly record struct ByteSize(long Bytes)
{
    public static bool TryParse(string text, out ByteSize size)
    {
        (string Suffix, long Unit)[] units = [("KB", 1L << 10), ("MB", 1L << 20), ("GB", 1L << 30), ("", 1)];
        foreach (var (suffix, unit) in units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && long.TryParse(text[..^suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                size = new ByteSize(count * unit);
                return true;
            }
        }

        size = default;
        return false;
    }
}
