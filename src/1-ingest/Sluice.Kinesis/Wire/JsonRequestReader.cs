using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Sluice.Bytes;

namespace Sluice.Kinesis.Wire;

/// <summary>AWS JSON 1.1. The parser is made anew for each value from the state it left behind, so nothing is kept but offsets.</summary>
internal sealed class JsonRequestReader : RequestReader
{
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 32 };
    private JsonReaderState _state;
    private JsonTokenType _token;
    private BodySlice _raw;
    private BodySlice _name;
    private int _consumed;
    private bool _escaped;

    public override ValueKind Kind => _token switch
    {
        JsonTokenType.Null => ValueKind.Null,
        JsonTokenType.String => ValueKind.Text,
        JsonTokenType.Number => BytesOf(_raw).IndexOfAny(".eE"u8) < 0 ? ValueKind.Integer : ValueKind.Number,
        JsonTokenType.True or JsonTokenType.False => ValueKind.Boolean,
        JsonTokenType.StartObject => ValueKind.Map,
        JsonTokenType.StartArray => ValueKind.List,
        _ => throw new InvalidOperationException($"The reader stands at {_token}, which is no value."),
    };

    public override string FieldName => TextOf(_name)!;

    public override void Begin(byte[] body, int length)
    {
        base.Begin(body, length);
        _state = new JsonReaderState(s_options);
        _consumed = 0;
        Advance();
    }

    public override void EnterMap() => Expect(JsonTokenType.StartObject, "a map");

    public override void EnterList() => Expect(JsonTokenType.StartArray, "a list");

    public override bool NextField()
    {
        Advance();
        if (_token == JsonTokenType.EndObject) return false;
        _name = TextAtReader();
        Advance();
        return true;
    }

    public override bool FieldIs(ReadOnlySpan<byte> name) => BytesOf(_name).SequenceEqual(name);

    public override bool NextItem()
    {
        Advance();
        return _token != JsonTokenType.EndArray;
    }

    public override BodySlice ReadText()
    {
        if (_token == JsonTokenType.Null) return BodySlice.Null;
        Expect(JsonTokenType.String, "a String");
        return TextAtReader();
    }

    public override BodySlice ReadBlob()
    {
        var slice = ReadText();
        if (slice.IsNull) return slice;
        return Base64InPlace.TryDecode(BytesOf(slice), out var written)
            ? slice with { Length = written }
            : throw new RequestFormatException("The blob is no valid base64.");
    }

    public override long ReadInteger()
    {
        Expect(JsonTokenType.Number, "a number");
        if (Utf8Parser.TryParse(BytesOf(_raw), out long value, out var used) && used == _raw.Length) return value;
        // A number with a fraction is cut, as AWS does.
        var number = ReadNumber();
        return number is >= long.MinValue and <= long.MaxValue ? (long)number : throw new RequestFormatException("A number is out of range.");
    }

    public override double ReadNumber()
    {
        Expect(JsonTokenType.Number, "a number");
        return Utf8Parser.TryParse(BytesOf(_raw), out double value, out var used) && used == _raw.Length
            ? value
            : throw new RequestFormatException("A number is out of range.");
    }

    public override bool ReadBoolean() => _token switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw Unexpected("a Boolean"),
    };

    public override long ReadTimestampMs()
    {
        var milliseconds = Math.Round(ReadNumber() * 1000);
        return Math.Abs(milliseconds) < 1e15 ? (long)milliseconds : throw new RequestFormatException("A timestamp is out of range.");
    }

    public override void Skip()
    {
        if (_token is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return;
        for (var depth = 1; depth > 0;)
        {
            Advance();
            if (_token is JsonTokenType.StartObject or JsonTokenType.StartArray) depth++;
            else if (_token is JsonTokenType.EndObject or JsonTokenType.EndArray) depth--;
        }
    }

    private void Expect(JsonTokenType token, string what)
    {
        if (_token != token) throw Unexpected(what);
    }

    private RequestFormatException Unexpected(string what)
    {
        var found = _token switch
        {
            JsonTokenType.String => "STRING_VALUE",
            JsonTokenType.Number => "NUMBER_VALUE",
            JsonTokenType.True => "TRUE_VALUE",
            JsonTokenType.False => "FALSE_VALUE",
            JsonTokenType.StartObject => "START_OBJECT",
            JsonTokenType.StartArray => "START_ARRAY",
            _ => "NULL_VALUE",
        };
        return new RequestFormatException($"{found} can not be converted to {what}");
    }

    private void Advance()
    {
        var reader = new Utf8JsonReader(Body.AsSpan(_consumed, Length - _consumed), isFinalBlock: true, _state);
        try
        {
            if (!reader.Read()) throw new RequestFormatException("The body ends before its outermost value.");
        }
        catch (JsonException fault)
        {
            throw new RequestFormatException($"The body is no valid JSON at byte {_consumed + fault.BytePositionInLine}.");
        }

        _token = reader.TokenType;
        var quotes = _token is JsonTokenType.String or JsonTokenType.PropertyName ? 1 : 0;
        _raw = new BodySlice(_consumed + (int)reader.TokenStartIndex + quotes, reader.ValueSpan.Length);
        _escaped = quotes > 0 && reader.ValueIsEscaped;
        _consumed += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
    }

    /// <summary>The text at the reader, in place; what it was escaped to is overwritten, which the parser has passed.</summary>
    private BodySlice TextAtReader()
    {
        if (!_escaped) return _raw;
        _escaped = false;
        var quoted = new Utf8JsonReader(Body.AsSpan(_raw.Start - 1, _raw.Length + 2));
        quoted.Read();
        var rented = ArrayPool<byte>.Shared.Rent(_raw.Length);
        try
        {
            var length = quoted.CopyString(rented);
            rented.AsSpan(0, length).CopyTo(Body.AsSpan(_raw.Start));
            return _raw = _raw with { Length = length };
        }
        catch (InvalidOperationException)
        {
            throw new RequestFormatException("A text is no valid UTF-8.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
