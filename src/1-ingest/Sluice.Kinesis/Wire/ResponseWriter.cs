using Sluice.Bytes;

namespace Sluice.Kinesis.Wire;

/// <summary>Writes a response body, so that an action is written once for JSON and CBOR. Member names are ASCII.</summary>
internal abstract class ResponseWriter
{
    /// <summary>Starts a body in this buffer.</summary>
    public abstract void Begin(ByteWriter into);

    /// <summary>Brings what is written so far into the buffer.</summary>
    public abstract void Flush();

    public abstract void StartMap();

    public abstract void EndMap();

    public abstract void StartList();

    public abstract void EndList();

    /// <summary>The name of the next member.</summary>
    public abstract void Name(ReadOnlySpan<byte> name);

    public abstract void Text(ReadOnlySpan<byte> utf8);

    public abstract void Text(string text);

    public abstract void Integer(long value);

    public abstract void Boolean(bool value);

    public abstract void Blob(ReadOnlySpan<byte> bytes);

    /// <summary>A moment in ms since 1970.</summary>
    public abstract void Timestamp(long milliseconds);

    public abstract void Null();

    public void Text(ReadOnlySpan<byte> name, string value)
    {
        Name(name);
        Text(value);
    }

    /// <summary>The member when it has a value; nothing otherwise.</summary>
    public void OptionalText(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null) Text(name, value);
    }

    public void Integer(ReadOnlySpan<byte> name, long value)
    {
        Name(name);
        Integer(value);
    }

    public void Boolean(ReadOnlySpan<byte> name, bool value)
    {
        Name(name);
        Boolean(value);
    }

    public void Timestamp(ReadOnlySpan<byte> name, long milliseconds)
    {
        Name(name);
        Timestamp(milliseconds);
    }

    public void Texts(ReadOnlySpan<byte> name, IEnumerable<string> values)
    {
        StartList(name);
        foreach (var value in values) Text(value);
        EndList();
    }

    public void StartMap(ReadOnlySpan<byte> name)
    {
        Name(name);
        StartMap();
    }

    public void StartList(ReadOnlySpan<byte> name)
    {
        Name(name);
        StartList();
    }
}
