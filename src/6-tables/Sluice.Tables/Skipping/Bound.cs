using System.Globalization;
using System.Text;

namespace Sluice.Tables;

/// <summary>A value that can be compared with others of its column: an exact number, a double, a text, or a time in ticks.</summary>
internal readonly record struct Bound : IComparable<Bound>
{
    /// <summary>Statistics hold times cut to milliseconds.</summary>
    public static readonly TimeSpan TimeCut = TimeSpan.FromMilliseconds(1);

    private static readonly string[] s_times =
    [
        "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss.FFFFFF", "yyyy-MM-dd'T'HH:mm:ss.FFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFFzzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz",
        "yyyy-MM-dd HH:mm:ss.FFFFFFzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", "yyyy-MM-dd HH:mm:ss.FFFFFF'Z'",
    ];

    private readonly decimal _number;
    private readonly double _double;
    private readonly byte[]? _text;

    private Bound(decimal number, double real, byte[]? text)
    {
        _number = number;
        _double = real;
        _text = text;
    }

    /// <summary>The value of a text in statistics, in a partition value or in a predicate; null when it cannot be compared safely.</summary>
    public static Bound? Of(DeltaType type, string text) => type switch
    {
        PrimitiveType { Name: "byte" or "short" or "integer" or "long" } or DecimalType => Exact(text),
        PrimitiveType { Name: "double" } => Real(text),
        PrimitiveType { Name: "string" } => new(0, 0, Encoding.UTF8.GetBytes(text)),
        PrimitiveType { Name: "date" } => Date(text),
        PrimitiveType { Name: "timestamp" } => Time(text),
        _ => null,
    };

    public int CompareTo(Bound other)
    {
        if (_text is not null && other._text is not null) return _text.AsSpan().SequenceCompareTo(other._text);
        return _number != other._number ? _number.CompareTo(other._number) : _double.CompareTo(other._double);
    }

    /// <summary>What an exact number, a date (days) or a time (ticks) is compared by.</summary>
    public decimal Number => _number;

    /// <summary>The bound one cut higher, for times.</summary>
    public Bound Widened() => new(_number + TimeCut.Ticks, _double, _text);

    /// <summary>A text with more digits, or with an exponent beyond the 28 places of a decimal, would be rounded.</summary>
    private static Bound? Exact(string text)
    {
        var exponent = text.IndexOfAny(['e', 'E']);
        var digits = exponent < 0 ? text.Length : exponent;
        var power = 0;
        if (exponent >= 0 && !int.TryParse(text.AsSpan(exponent + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out power)) return null;
        var point = text.IndexOf('.');
        var places = point < 0 ? 0 : digits - point - 1;
        if (digits > 28 || places - power > 28) return null;
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? new(number, 0, null) : null;
    }

    private static Bound? Real(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? new(0, number, null) : null;

    private static Bound? Date(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? new(date.DayNumber, 0, null) : null;

    private static Bound? Time(string text) =>
        DateTimeOffset.TryParseExact(text, s_times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? new(time.UtcTicks, 0, null) : null;
}
