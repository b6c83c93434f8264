using System.Globalization;

namespace Sluice.Tables;

/// <summary>Durations in table properties: <c>interval 1 week</c>, <c>interval 36 hours 30 minutes</c>.</summary>
internal static class CalendarInterval
{
    /// <summary>The duration; null when the text is none. Months and years have no fixed length and are none.</summary>
    public static TimeSpan? Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > 0 && words[0].Equals("interval", StringComparison.OrdinalIgnoreCase)) words = words[1..];
        if (words.Length == 0 || words.Length % 2 != 0) return null;
        var total = TimeSpan.Zero;
        for (var i = 0; i < words.Length; i += 2)
        {
            if (!long.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || Unit(words[i + 1]) is not { } unit) return null;
            // A duration that no clock reaches is as good as the longest one.
            if (count > TimeSpan.MaxValue.Ticks / 2 / unit.Ticks) return TimeSpan.MaxValue;
            total += count * unit;
        }

        return total;
    }

    private static TimeSpan? Unit(string word) => word.ToLowerInvariant().TrimEnd('s') switch
    {
        "week" => TimeSpan.FromDays(7),
        "day" => TimeSpan.FromDays(1),
        "hour" => TimeSpan.FromHours(1),
        "minute" => TimeSpan.FromMinutes(1),
        "second" => TimeSpan.FromSeconds(1),
        "millisecond" => TimeSpan.FromMilliseconds(1),
        "microsecond" => TimeSpan.FromMicroseconds(1),
        _ => null,
    };
}
