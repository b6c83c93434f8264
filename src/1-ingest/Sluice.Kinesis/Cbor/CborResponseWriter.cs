using System.Buffers.Binary;
using System.Text;
using Sluice.Bytes;
using Sluice.Kinesis.Wire;

namespace Sluice.Kinesis.Cbor;

/// <summary>
/// AWS CBOR 1.1, straight into the answer's buffer: a library's writer keeps a copy of its own, which an answer of 10 MiB has no room
/// for. Maps and lists are of indefinite length, as AWS sends them; moments are tag 1 with whole milliseconds.
/// </summary>
internal sealed class CborResponseWriter : ResponseWriter
{
    // Major types of RFC 8949, section 3.1, in the upper three bits of the first byte.
    private const byte Unsigned = 0 << 5;
    private const byte Negative = 1 << 5;
    private const byte Bytes = 2 << 5;
    private const byte TextString = 3 << 5;
    private const byte Tag = 6 << 5;
    private const byte IndefiniteList = 0x9f;
    private const byte IndefiniteMap = 0xbf;
    private const byte False = 0xf4;
    private const byte True = 0xf5;
    private const byte Nothing = 0xf6;
    private const byte Break = 0xff;
    private const ulong MomentTag = 1;

    private ByteWriter _into = null!;

    public override void Begin(ByteWriter into) => _into = into;

    public override void Flush()
    {
        // Every value is in the buffer as soon as it is written.
    }

    public override void StartMap() => _into.WriteByte(IndefiniteMap);

    public override void EndMap() => _into.WriteByte(Break);

    public override void StartList() => _into.WriteByte(IndefiniteList);

    public override void EndList() => _into.WriteByte(Break);

    public override void Name(ReadOnlySpan<byte> name) => Text(name);

    public override void Text(ReadOnlySpan<byte> utf8)
    {
        Head(TextString, (ulong)utf8.Length);
        _into.Write(utf8);
    }

    public override void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Head(TextString, (ulong)length);
        Encoding.UTF8.GetBytes(text, _into.GetSpan(length));
        _into.Advance(length);
    }

    public override void Integer(long value)
    {
        if (value >= 0) Head(Unsigned, (ulong)value);
        else Head(Negative, ~(ulong)value);
    }

    public override void Boolean(bool value) => _into.WriteByte(value ? True : False);

    public override void Blob(ReadOnlySpan<byte> bytes)
    {
        Head(Bytes, (ulong)bytes.Length);
        _into.Write(bytes);
    }

    public override void Timestamp(long milliseconds)
    {
        Head(Tag, MomentTag);
        Integer(milliseconds);
    }

    public override void Null() => _into.WriteByte(Nothing);

    /// <summary>A first byte and the argument in as few bytes as it needs.</summary>
    private void Head(byte major, ulong argument)
    {
        const byte OneByte = 24, TwoBytes = 25, FourBytes = 26, EightBytes = 27;
        var span = _into.GetSpan(1 + sizeof(ulong));
        var length = 1;
        switch (argument)
        {
            case < OneByte:
                span[0] = (byte)(major | (byte)argument);
                break;
            case <= byte.MaxValue:
                span[0] = (byte)(major | OneByte);
                span[1] = (byte)argument;
                length += sizeof(byte);
                break;
            case <= ushort.MaxValue:
                span[0] = (byte)(major | TwoBytes);
                BinaryPrimitives.WriteUInt16BigEndian(span[1..], (ushort)argument);
                length += sizeof(ushort);
                break;
            case <= uint.MaxValue:
                span[0] = (byte)(major | FourBytes);
                BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)argument);
                length += sizeof(uint);
                break;
            default:
                span[0] = (byte)(major | EightBytes);
                BinaryPrimitives.WriteUInt64BigEndian(span[1..], argument);
                length += sizeof(ulong);
                break;
        }

        _into.Advance(length);
    }
}
