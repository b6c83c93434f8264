using System.Text;

namespace Sluice.Objects;

/// <summary>The name of an object within its bucket: 1 to 1,024 UTF-8 bytes, no empty, "." or ".." segment, no NUL, no backslash.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html; the segment rule is ours: a key is also a path.</remarks>
public readonly record struct ObjectKey : IComparable<ObjectKey>
{
    private const int BytesMax = 1024;

    /// <exception cref="ArgumentException">The text is no valid key; the message says why.</exception>
    public ObjectKey(string value)
    {
        if (Fault(value) is { } fault) throw new ArgumentException($"Object key '{value}' {fault}.", nameof(value));
        Value = value;
    }

    public string Value { get; }

    public int CompareTo(ObjectKey other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;

    private static string? Fault(string value)
    {
        if (value.Length == 0) return "is empty";
        if (Encoding.UTF8.GetByteCount(value) > BytesMax) return $"is longer than {BytesMax} UTF-8 bytes";
        if (value.AsSpan().ContainsAny('\0', '\\')) return "holds a NUL or a backslash";
        foreach (var segment in value.AsSpan().Split('/'))
        {
            if (value.AsSpan()[segment] is "" or "." or "..") return "has an empty, \".\" or \"..\" segment";
        }

        return null;
    }
}
