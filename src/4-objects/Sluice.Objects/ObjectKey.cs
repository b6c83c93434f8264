using System.Text;

namespace Sluice.Objects;

/// <summary>
/// The name of an object within its bucket: 1 to 1,024 UTF-8 bytes, no empty, "." or ".." segment, no NUL, no backslash, no
/// half of a surrogate pair. Keys compare as their UTF-8 bytes do, which is the order of S3's listings.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html; the segment rule is ours: a key is also a path.</remarks>
public readonly record struct ObjectKey : IComparable<ObjectKey>
{
    private const int BytesMax = 1024;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">The text is no valid key; the message says why.</exception>
    public ObjectKey(string value)
    {
        if (Fault(value) is { } fault) throw new ArgumentException($"Object key '{value}' {fault}.", nameof(value));
        Value = value;
    }

    public string Value { get; }

    public int CompareTo(ObjectKey other) => Compare(Value, other.Value);

    public override string ToString() => Value;

    /// <summary>Compares two texts as their UTF-8 bytes compare. UTF-16 order differs where a surrogate pair meets U+E000 to U+FFFF.</summary>
    internal static int Compare(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        var same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));
    }

    // A surrogate stands for a code point above U+FFFF, so it ranks after every other char.
    private static int Rank(char c) => char.IsSurrogate(c) ? c + char.MaxValue : c;

    private static string? Fault(string value)
    {
        if (value.Length == 0) return "is empty";
        if (HasHalfPair(value)) return "holds half of a surrogate pair";
        if (s_strict.GetByteCount(value) > BytesMax) return $"is longer than {BytesMax} UTF-8 bytes";
        if (value.AsSpan().ContainsAny('\0', '\\')) return "holds a NUL or a backslash";
        foreach (var segment in value.AsSpan().Split('/'))
        {
            if (value.AsSpan()[segment] is "" or "." or "..") return "has an empty, \".\" or \"..\" segment";
        }

        return null;
    }

    private static bool HasHalfPair(ReadOnlySpan<char> value)
    {
        while (!value.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(value, out _, out var used) != System.Buffers.OperationStatus.Done) return true;
            value = value[used..];
        }

        return false;
    }
}
