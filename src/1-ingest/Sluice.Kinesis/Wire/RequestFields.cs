namespace Sluice.Kinesis.Wire;

/// <summary>
/// A request as a tree, for the actions that are called rarely. A member that is absent or null reads as null; one of another type
/// throws <see cref="RequestFormatException"/>.
/// </summary>
internal sealed class RequestFields
{
    private readonly Dictionary<string, object?> _members;

    private RequestFields(Dictionary<string, object?> members) => _members = members;

    private readonly record struct Instant(long Milliseconds);

    /// <summary>Takes the map the reader stands at.</summary>
    public static RequestFields Read(RequestReader reader)
    {
        reader.EnterMap();
        var members = new Dictionary<string, object?>(StringComparer.Ordinal);
        while (reader.NextField()) members[reader.FieldName] = ReadValue(reader);
        return new RequestFields(members);
    }

    /// <summary>Whether the member is there and not null.</summary>
    public bool Has(string name) => Of(name) is not null;

    public string? Text(string name) => Of(name) is { } value ? AsText(value) : null;

    public int? Integer(string name) => Of(name) switch
    {
        null => null,
        long number => number is >= int.MinValue and <= int.MaxValue ? (int)number : throw Mismatch(number, "an Integer"),
        double number => number is >= int.MinValue and <= int.MaxValue ? (int)number : throw Mismatch(number, "an Integer"),
        var other => throw Mismatch(other, "an Integer"),
    };

    public bool? Boolean(string name) => Of(name) switch
    {
        null => null,
        bool value => value,
        var other => throw Mismatch(other, "a Boolean"),
    };

    /// <summary>Milliseconds since 1970.</summary>
    public long? TimestampMs(string name) => Of(name) switch
    {
        null => null,
        Instant instant => instant.Milliseconds,
        long seconds when Math.Abs(seconds) < 1_000_000_000_000 => seconds * 1000,
        double seconds when Math.Abs(seconds) < 1e12 => (long)Math.Round(seconds * 1000),
        var other => throw Mismatch(other, "a Timestamp"),
    };

    public IReadOnlyList<string>? Texts(string name) => Of(name) switch
    {
        null => null,
        List<object?> items => [.. items.Select(i => AsText(i ?? throw new RequestFormatException("A list holds a null.")))],
        var other => throw Mismatch(other, "a list"),
    };

    public IReadOnlyDictionary<string, string>? Map(string name) => Of(name) switch
    {
        null => null,
        RequestFields fields => fields._members.ToDictionary(
            m => m.Key, m => AsText(m.Value ?? throw new RequestFormatException("A map holds a null.")), StringComparer.Ordinal),
        var other => throw Mismatch(other, "a map"),
    };

    public RequestFields? Nested(string name) => Of(name) switch
    {
        null => null,
        RequestFields fields => fields,
        var other => throw Mismatch(other, "a structure"),
    };

    private object? Of(string name) => _members.GetValueOrDefault(name);

    private static string AsText(object value) => value as string ?? throw Mismatch(value, "a String");

    private static RequestFormatException Mismatch(object value, string type)
    {
        var found = value switch
        {
            string => "STRING_VALUE",
            bool boolean => boolean ? "TRUE_VALUE" : "FALSE_VALUE",
            List<object?> => "START_ARRAY",
            RequestFields => "START_OBJECT",
            byte[] => "BYTE_ARRAY",
            _ => "NUMBER_VALUE",
        };
        return new RequestFormatException($"{found} can not be converted to {type}");
    }

    private static object? ReadValue(RequestReader reader)
    {
        switch (reader.Kind)
        {
            case ValueKind.Text: return reader.TextOf(reader.ReadText());
            case ValueKind.Integer: return reader.ReadInteger();
            case ValueKind.Number: return reader.ReadNumber();
            case ValueKind.Boolean: return reader.ReadBoolean();
            case ValueKind.Blob: return reader.BytesOf(reader.ReadBlob()).ToArray();
            case ValueKind.Timestamp: return new Instant(reader.ReadTimestampMs());
            case ValueKind.Map: return Read(reader);
            case ValueKind.List:
                var items = new List<object?>();
                reader.EnterList();
                while (reader.NextItem()) items.Add(ReadValue(reader));
                return items;
            default:
                reader.Skip();
                return null;
        }
    }
}
