using System.Text;

namespace Sluice.Tables;

/// <summary>The stats of a file as they came: a text, or UTF-8 within bytes that many files share, so that a checkpoint's are decoded only when one is looked at.</summary>
internal readonly struct StatsText : IEquatable<StatsText>
{
    // A string, a byte array, or null for no stats.
    private readonly object? _source;
    private readonly int _start;
    private readonly int _length;

    private StatsText(object? source, int start, int length)
    {
        _source = source;
        _start = start;
        _length = length;
    }

    public bool IsThere => _source is not null;

    public static StatsText Of(string? text) => new(text, 0, 0);

    /// <summary>UTF-8 in a part of an array that is not written to any more.</summary>
    public static StatsText Of(byte[] utf8, int start, int length) => new(utf8, start, length);

    /// <summary>The stats in UTF-8; empty when there are none.</summary>
    public ReadOnlyMemory<byte> Utf8 => _source switch
    {
        byte[] bytes => bytes.AsMemory(_start, _length),
        string text => Encoding.UTF8.GetBytes(text),
        _ => default,
    };

    /// <summary>Null when there are none.</summary>
    public string? Text => _source is byte[] bytes ? Encoding.UTF8.GetString(bytes, _start, _length) : (string?)_source;

    public bool Equals(StatsText other) => IsThere == other.IsThere && (_source is string text && other._source is string same
        ? text == same
        : Utf8.Span.SequenceEqual(other.Utf8.Span));

    public override bool Equals(object? obj) => obj is StatsText other && Equals(other);

    // Texts of equal content must hash alike whatever they are kept as, and nothing looks files up by their stats: whether there are any is enough.
    public override int GetHashCode() => IsThere ? 1 : 0;
}
