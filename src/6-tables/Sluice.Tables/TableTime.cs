using System.Globalization;

namespace Sluice.Tables;

/// <summary>A time to travel to, as people write it.</summary>
public static class TableTime
{
    private static readonly string[] s_formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>What a time looks like, for messages.</summary>
    public static string Form => "2026-01-31, 2026-01-31 23:59:59.5 or 2026-01-31T23:59:59+01:00 (UTC where no zone is given)";

    /// <summary>Reads a date, whose midnight is meant, or a date and a time, in UTC where no zone is given.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, s_formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
