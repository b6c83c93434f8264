namespace Sluice.Kinesis.Wire;

/// <summary>Where bytes lie in the request body; length -1 is null.</summary>
internal readonly record struct BodySlice(int Start, int Length)
{
    public static readonly BodySlice Null = new(0, -1);

    public bool IsNull => Length < 0;
}

/// <summary>What the value at the reader is.</summary>
internal enum ValueKind
{
    Null,
    Text,
    Integer,
    Number,
    Boolean,
    Blob,
    Timestamp,
    Map,
    List,
}

/// <summary>
/// Reads a request body, value by value, so that an action is written once for JSON and CBOR. The body is the reader's to change:
/// text is unescaped and base64 decoded in place.
/// </summary>
/// <remarks>
/// <see cref="NextField"/> and <see cref="NextItem"/> move to a value; then exactly one Read, Enter or Skip takes it. A value of another
/// type than asked, and a body that is no whole value, throw <see cref="RequestFormatException"/>. Null reads as null.
/// </remarks>
internal abstract class RequestReader
{
    /// <summary>The body; slices point into it.</summary>
    protected byte[] Body { get; private set; } = [];

    protected int Length { get; private set; }

    /// <summary>Starts with a body, before its outermost value, which is a map.</summary>
    public virtual void Begin(byte[] body, int length)
    {
        Body = body;
        Length = length;
    }

    /// <summary>The kind of the value the reader stands at.</summary>
    public abstract ValueKind Kind { get; }

    public abstract void EnterMap();

    /// <summary>Moves to the next member of the map; false at its end, which leaves the map.</summary>
    public abstract bool NextField();

    /// <summary>Whether the member at the reader has this name.</summary>
    public abstract bool FieldIs(ReadOnlySpan<byte> name);

    public abstract string FieldName { get; }

    public abstract void EnterList();

    /// <summary>Moves to the next item of the list; false at its end, which leaves the list.</summary>
    public abstract bool NextItem();

    /// <summary>UTF-8 of a text.</summary>
    public abstract BodySlice ReadText();

    /// <summary>The bytes of a blob: base64 text in JSON, a byte string in CBOR.</summary>
    public abstract BodySlice ReadBlob();

    public abstract long ReadInteger();

    public abstract double ReadNumber();

    public abstract bool ReadBoolean();

    /// <summary>Milliseconds since 1970.</summary>
    public abstract long ReadTimestampMs();

    /// <summary>Steps over the value, whatever it holds.</summary>
    public abstract void Skip();

    /// <summary>The bytes of a slice; empty for null.</summary>
    public Span<byte> BytesOf(BodySlice slice) => slice.IsNull ? [] : Body.AsSpan(slice.Start, slice.Length);

    public string? TextOf(BodySlice slice) => slice.IsNull ? null : System.Text.Encoding.UTF8.GetString(BytesOf(slice));
}
