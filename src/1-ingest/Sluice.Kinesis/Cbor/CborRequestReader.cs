using System.Buffers;
using System.Formats.Cbor;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Sluice.Kinesis.Wire;

namespace Sluice.Kinesis.Cbor;

/// <summary>
/// AWS CBOR 1.1, which the Java SDKs speak: the members of JSON 1.1 in CBOR (RFC 8949), blobs as byte strings, moments as tag 1 with
/// whole milliseconds. A moment with a fraction is in seconds, as the RFC says. Maps, lists and strings may be of indefinite length.
/// </summary>
internal sealed class CborRequestReader : RequestReader
{
    private const int DepthMax = 32;
    private const CborTag Moment = CborTag.UnixTimeSeconds;
    private readonly CborReader _cbor = new(ReadOnlyMemory<byte>.Empty, CborConformanceMode.Lax);
    private BodySlice _name;
    private bool _isMoment;
    private int _depth;

    public override ValueKind Kind => Take(static cbor => cbor.PeekState()) switch
    {
        CborReaderState.Null => ValueKind.Null,
        _ when _isMoment => ValueKind.Timestamp,
        CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString => ValueKind.Text,
        CborReaderState.ByteString or CborReaderState.StartIndefiniteLengthByteString => ValueKind.Blob,
        CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger => ValueKind.Integer,
        CborReaderState.HalfPrecisionFloat or CborReaderState.SinglePrecisionFloat or CborReaderState.DoublePrecisionFloat => ValueKind.Number,
        CborReaderState.Boolean => ValueKind.Boolean,
        CborReaderState.StartMap => ValueKind.Map,
        CborReaderState.StartArray => ValueKind.List,
        var state => throw Unexpected(state, "a value"),
    };

    public override string FieldName => TextOf(_name)!;

    public override void Begin(byte[] body, int length)
    {
        base.Begin(body, length);
        _cbor.Reset(body.AsMemory(0, length));
        _depth = 0;
        ReadTags();
    }

    public override void EnterMap()
    {
        Enter(CborReaderState.StartMap, "a map");
        Take(static cbor => cbor.ReadStartMap());
    }

    public override void EnterList()
    {
        Enter(CborReaderState.StartArray, "a list");
        Take(static cbor => cbor.ReadStartArray());
    }

    public override bool NextField()
    {
        if (Take(static cbor => cbor.PeekState()) == CborReaderState.EndMap)
        {
            LeaveMap();
            return false;
        }

        _isMoment = false;
        _name = ReadText();
        if (_name.IsNull) throw new RequestFormatException("The name of a member is null.");
        ReadTags();
        return true;
    }

    public override bool FieldIs(ReadOnlySpan<byte> name) => BytesOf(_name).SequenceEqual(name);

    public override bool NextItem()
    {
        if (Take(static cbor => cbor.PeekState()) == CborReaderState.EndArray)
        {
            LeaveList();
            return false;
        }

        ReadTags();
        return true;
    }

    public override BodySlice ReadText()
    {
        var slice = Take(static cbor => cbor.PeekState()) switch
        {
            CborReaderState.Null => ReadNull(),
            CborReaderState.TextString => SliceOf(Take(static cbor => cbor.ReadDefiniteLengthTextStringBytes())),
            CborReaderState.StartIndefiniteLengthTextString => ReadPieces(isText: true),
            var state => throw Unexpected(state, "a String"),
        };
        return Utf8.IsValid(BytesOf(slice)) ? slice : throw new RequestFormatException("A text is no valid UTF-8.");
    }

    public override BodySlice ReadBlob() => Take(static cbor => cbor.PeekState()) switch
    {
        CborReaderState.Null => ReadNull(),
        CborReaderState.ByteString => SliceOf(Take(static cbor => cbor.ReadDefiniteLengthByteString())),
        CborReaderState.StartIndefiniteLengthByteString => ReadPieces(isText: false),
        var state => throw Unexpected(state, "a Blob"),
    };

    public override long ReadInteger()
    {
        var state = Take(static cbor => cbor.PeekState());
        if (state is CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger) return Take(static cbor => cbor.ReadInt64());
        // A number with a fraction is cut, as AWS does.
        var number = ReadNumber();
        return number is >= long.MinValue and <= long.MaxValue ? (long)number : throw new RequestFormatException("A number is out of range.");
    }

    public override double ReadNumber() => Take(static cbor => cbor.PeekState()) switch
    {
        CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger => Take(static cbor => cbor.ReadInt64()),
        CborReaderState.HalfPrecisionFloat or CborReaderState.SinglePrecisionFloat or CborReaderState.DoublePrecisionFloat =>
            Take(static cbor => cbor.ReadDouble()),
        var state => throw Unexpected(state, "a number"),
    };

    public override bool ReadBoolean()
    {
        var state = Take(static cbor => cbor.PeekState());
        return state == CborReaderState.Boolean ? Take(static cbor => cbor.ReadBoolean()) : throw Unexpected(state, "a Boolean");
    }

    public override long ReadTimestampMs()
    {
        var isWhole = Take(static cbor => cbor.PeekState()) is CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger;
        var milliseconds = isWhole ? ReadInteger() : Math.Round(ReadNumber() * 1000);
        return Math.Abs(milliseconds) < 1e15 ? (long)milliseconds : throw new RequestFormatException("A timestamp is out of range.");
    }

    public override void Skip()
    {
        // The library's own skip goes down any number of levels, and each takes memory.
        var depth = _depth;
        do
        {
            ReadTags();
            switch (Take(static cbor => cbor.PeekState()))
            {
                case CborReaderState.StartMap: EnterMap(); break;
                case CborReaderState.StartArray: EnterList(); break;
                case CborReaderState.EndMap when _depth > depth: LeaveMap(); break;
                case CborReaderState.EndArray when _depth > depth: LeaveList(); break;
                default: SkipFlat(); break;
            }
        }
        while (_depth > depth);
    }

    /// <summary>Steps over a value that holds no others.</summary>
    private void SkipFlat() => Take(static cbor =>
    {
        cbor.SkipValue();
        return 0;
    });

    private void LeaveMap()
    {
        Take(static cbor =>
        {
            cbor.ReadEndMap();
            return 0;
        });
        _depth--;
    }

    private void LeaveList()
    {
        Take(static cbor =>
        {
            cbor.ReadEndArray();
            return 0;
        });
        _depth--;
    }

    private void Enter(CborReaderState expected, string what)
    {
        var state = Take(static cbor => cbor.PeekState());
        if (state != expected) throw Unexpected(state, what);
        if (++_depth > DepthMax) throw new RequestFormatException($"The body is nested deeper than {DepthMax} levels.");
    }

    /// <summary>Takes the tags before a value; the one for moments is remembered, others say nothing about our members.</summary>
    private void ReadTags()
    {
        _isMoment = false;
        while (Take(static cbor => cbor.PeekState()) == CborReaderState.Tag)
            _isMoment |= Take(static cbor => cbor.ReadTag()) == Moment;
    }

    private BodySlice ReadNull()
    {
        Take(static cbor =>
        {
            cbor.ReadNull();
            return 0;
        });
        return BodySlice.Null;
    }

    /// <summary>A string in pieces, put together at its beginning: the heads of the pieces leave more room than it needs.</summary>
    private BodySlice ReadPieces(bool isText)
    {
        var start = Length - _cbor.BytesRemaining;
        var rented = ArrayPool<byte>.Shared.Rent(_cbor.BytesRemaining);
        try
        {
            var piece = isText ? CborReaderState.TextString : CborReaderState.ByteString;
            var length = 0;
            Take<int>(isText ? StartText : StartBytes);
            while (Take(static cbor => cbor.PeekState()) == piece)
            {
                var bytes = Take<ReadOnlyMemory<byte>>(isText ? TextPiece : BytesPiece);
                bytes.Span.CopyTo(rented.AsSpan(length));
                length += bytes.Length;
            }

            Take<int>(isText ? EndText : EndBytes);
            rented.AsSpan(0, length).CopyTo(Body.AsSpan(start));
            return new BodySlice(start, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static int StartText(CborReader cbor)
    {
        cbor.ReadStartIndefiniteLengthTextString();
        return 0;
    }

    private static int StartBytes(CborReader cbor)
    {
        cbor.ReadStartIndefiniteLengthByteString();
        return 0;
    }

    private static ReadOnlyMemory<byte> TextPiece(CborReader cbor) => cbor.ReadDefiniteLengthTextStringBytes();

    private static ReadOnlyMemory<byte> BytesPiece(CborReader cbor) => cbor.ReadDefiniteLengthByteString();

    private static int EndText(CborReader cbor)
    {
        cbor.ReadEndIndefiniteLengthTextString();
        return 0;
    }

    private static int EndBytes(CborReader cbor)
    {
        cbor.ReadEndIndefiniteLengthByteString();
        return 0;
    }

    private static BodySlice SliceOf(ReadOnlyMemory<byte> part) =>
        MemoryMarshal.TryGetArray(part, out var segment) ? new BodySlice(segment.Offset, segment.Count) : new BodySlice(0, 0);

    private T Take<T>(Func<CborReader, T> read)
    {
        try
        {
            return read(_cbor);
        }
        catch (Exception fault) when (fault is CborContentException or InvalidOperationException or OverflowException)
        {
            throw new RequestFormatException($"The body is no valid CBOR at byte {Length - _cbor.BytesRemaining}.");
        }
    }

    private static RequestFormatException Unexpected(CborReaderState state, string what)
    {
        var found = state switch
        {
            CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString => "STRING_VALUE",
            CborReaderState.ByteString or CborReaderState.StartIndefiniteLengthByteString => "BYTE_ARRAY",
            CborReaderState.StartMap => "START_OBJECT",
            CborReaderState.StartArray => "START_ARRAY",
            CborReaderState.Boolean => "BOOLEAN_VALUE",
            CborReaderState.Null => "NULL_VALUE",
            _ => "NUMBER_VALUE",
        };
        return new RequestFormatException($"{found} can not be converted to {what}");
    }
}
