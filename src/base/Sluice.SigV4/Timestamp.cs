using System.Globalization;

namespace Sluice.SigV4;

/// <summary>Times as signatures spell them: <c>yyyyMMddTHHmmssZ</c>, UTC.</summary>
internal static class Timestamp
{
    public const int Length = 16;
    public const int DateLength = 8;
    private const string Form = "yyyyMMdd'T'HHmmss'Z'";

    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture);

    public static DateTimeOffset? Parse(ReadOnlySpan<char> text) =>
        DateTime.TryParseExact(
            text, Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? new DateTimeOffset(time)
            : null;

    /// <summary>An HTTP date, or the same form as <see cref="Parse"/>, as the header <c>Date</c> holds it.</summary>
    public static DateTimeOffset? ParseDate(ReadOnlySpan<char> text) =>
        DateTimeOffset.TryParseExact(
            text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : Parse(text);
}
