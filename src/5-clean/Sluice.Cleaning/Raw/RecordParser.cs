using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Definition;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// Reads one record after another into values of the declared fields, or into the reasons why it is none. One per thread.
/// </summary>
/// <remarks>
/// The rules, per record (RFC 8259):
/// it is valid UTF-8, one JSON value with nothing but whitespace around it, and that value is an object;
/// a declared field occurs at most once; a required field occurs; JSON null is a value of every type;
/// <c>bigint</c> is a number written without fraction and exponent, within 64 bits; <c>double</c> any number whose value is finite;
/// <c>boolean</c> is true or false; <c>varchar</c> a string, or a number or boolean as its text on the wire.
/// Fields that are not declared are skipped.
/// </remarks>
internal sealed class RecordParser(IReadOnlyList<RawField> fields)
{
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = CleaningLimits.JsonDepthMax };

    private readonly byte[][] _names = [.. fields.Select(field => Encoding.UTF8.GetBytes(field.Name))];
    private readonly RawType[] _types = [.. fields.Select(field => RawTypes.Parse(field.Type))];
    private readonly RawValue[] _values = new RawValue[fields.Count];
    private readonly List<string> _faults = [];
    private byte[] _scratch = new byte[4096];
    private int _scratchUsed;

    /// <summary>The values after <see cref="TryParse"/> returned true, one per declared field.</summary>
    public ReadOnlySpan<RawValue> Values => _values;

    /// <summary>The reasons after <see cref="TryParse"/> returned false.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The text of a <see cref="RawValueKind.Text"/> value of the record last parsed.</summary>
    public ReadOnlySpan<byte> TextOf(in RawValue value, ReadOnlySpan<byte> record) =>
        value.Unescaped ? _scratch.AsSpan(value.Start, value.Length) : record.Slice(value.Start, value.Length);

    /// <summary>Whether the record is an object with all its declared fields in order.</summary>
    public bool TryParse(ReadOnlySpan<byte> record)
    {
        _faults.Clear();
        _scratchUsed = 0;
        if (record.Length >= CleaningLimits.RecordBytesMax) return Refuse(Reasons.TooLong);
        if (!Utf8.IsValid(record)) return Refuse(Reasons.NotUtf8);
        Array.Clear(_values);
        try
        {
            var reader = new Utf8JsonReader(record, s_options);
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            if (isObject) ReadFields(ref reader, record);
            SkipToEnd(ref reader);
            if (!isObject) return Refuse(Reasons.NotAnObject);
        }
        catch (JsonException)
        {
            // Whatever was found before the text turned out not to be JSON says nothing about a record.
            return Refuse(Reasons.NotJson);
        }

        for (var field = 0; field < _values.Length; field++)
        {
            if (_values[field].Kind == RawValueKind.Absent && fields[field].Required) _faults.Add(Reasons.Missing(fields[field].Name));
        }

        return _faults.Count == 0;
    }

    private static void SkipToEnd(ref Utf8JsonReader reader)
    {
        // Reading on to the end of the bytes is what finds garbage after the value.
        while (reader.Read())
        {
        }
    }

    private bool Refuse(string reason)
    {
        _faults.Clear();
        _faults.Add(reason);
        return false;
    }

    private void ReadFields(ref Utf8JsonReader reader, ReadOnlySpan<byte> record)
    {
        // Producers write fields in one order, so the next declared field is the first guess for the next name.
        var guess = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = FieldNamed(ref reader, guess);
            reader.Read();
            if (field < 0)
            {
                reader.Skip();
                continue;
            }

            guess = field + 1;
            ReadValue(ref reader, record, field);
            reader.Skip();
        }
    }

    private int FieldNamed(ref Utf8JsonReader reader, int guess)
    {
        try
        {
            for (var step = 0; step < _names.Length; step++)
            {
                var field = guess + step;
                if (field >= _names.Length) field -= _names.Length;
                if (reader.ValueTextEquals(_names[field])) return field;
            }
        }
        catch (InvalidOperationException)
        {
            // A name with half of a surrogate pair escaped in it is JSON, and the name of no field.
        }

        return -1;
    }

    private void ReadValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> record, int field)
    {
        ref var value = ref _values[field];
        if (value.Kind != RawValueKind.Absent)
        {
            Fault(Reasons.Repeated(fields[field].Name));
            return;
        }

        value.Kind = RawValueKind.Null;
        if (reader.TokenType == JsonTokenType.Null) return;
        var fault = _types[field] switch
        {
            RawType.BigInt => ReadBigInt(ref reader, ref value),
            RawType.Double => ReadDouble(ref reader, ref value),
            RawType.Boolean => ReadBoolean(ref reader, ref value),
            _ => ReadText(ref reader, ref value),
        };
        if (fault is not null) Fault(string.Create(CultureInfo.InvariantCulture, $"field {fields[field].Name}: {fault}"));
    }

    private void Fault(string reason)
    {
        if (!_faults.Contains(reason)) _faults.Add(reason);
    }

    private static string? ReadBigInt(ref Utf8JsonReader reader, ref RawValue value)
    {
        if (reader.TokenType != JsonTokenType.Number) return Reasons.WrongType(reader.TokenType, "bigint");
        if (reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0) return "not a whole number";
        if (!reader.TryGetInt64(out var number)) return "value out of range";
        value.Kind = RawValueKind.Number;
        value.Bits = number;
        return null;
    }

    private static string? ReadDouble(ref Utf8JsonReader reader, ref RawValue value)
    {
        if (reader.TokenType != JsonTokenType.Number) return Reasons.WrongType(reader.TokenType, "double");
        if (!reader.TryGetDouble(out var number) || !double.IsFinite(number)) return "value out of range";
        value.Kind = RawValueKind.Number;
        value.Bits = BitConverter.DoubleToInt64Bits(number);
        return null;
    }

    private static string? ReadBoolean(ref Utf8JsonReader reader, ref RawValue value)
    {
        if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False)) return Reasons.WrongType(reader.TokenType, "boolean");
        value.Kind = RawValueKind.Number;
        value.Bits = reader.TokenType == JsonTokenType.True ? 1 : 0;
        return null;
    }

    private string? ReadText(ref Utf8JsonReader reader, ref RawValue value)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when reader.ValueIsEscaped:
                return Unescape(ref reader, ref value);
            case JsonTokenType.String:
                // TokenStartIndex is the opening quote.
                value.Start = (int)reader.TokenStartIndex + 1;
                break;
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                value.Start = (int)reader.TokenStartIndex;
                break;
            default:
                return Reasons.WrongType(reader.TokenType, "varchar");
        }

        value.Kind = RawValueKind.Text;
        value.Length = reader.ValueSpan.Length;
        return null;
    }

    private string? Unescape(ref Utf8JsonReader reader, ref RawValue value)
    {
        // Unescaping never lengthens.
        var needed = _scratchUsed + reader.ValueSpan.Length;
        if (_scratch.Length < needed) Array.Resize(ref _scratch, Math.Max(needed, _scratch.Length * 2));
        try
        {
            var length = reader.CopyString(_scratch.AsSpan(_scratchUsed));
            value = new RawValue { Kind = RawValueKind.Text, Unescaped = true, Start = _scratchUsed, Length = length };
            _scratchUsed += length;
            return null;
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that an escape is half of a surrogate pair.
            return "a \\u escape is no Unicode character";
        }
    }
}

internal enum RawType
{
    BigInt,
    Double,
    Boolean,
    Varchar,
}

internal static class RawTypes
{
    public static RawType Parse(string type) => type switch
    {
        "bigint" => RawType.BigInt,
        "double" => RawType.Double,
        "boolean" => RawType.Boolean,
        "varchar" => RawType.Varchar,
        _ => throw new ArgumentException($"Raw field type '{type}' is none of bigint, double, boolean, varchar.", nameof(type)),
    };
}

internal enum RawValueKind : byte
{
    Absent,
    Null,

    /// <summary>In <see cref="RawValue.Bits"/>: the integer, the bits of the double, or 0 and 1.</summary>
    Number,

    /// <summary>UTF-8 bytes: <see cref="RecordParser.TextOf"/>.</summary>
    Text,
}

internal struct RawValue
{
    public RawValueKind Kind;
    public bool Unescaped;
    public int Start;
    public int Length;
    public long Bits;
}
