using System.Text.Json;

namespace Sluice.Cleaning;

/// <summary>Why a record is quarantined. Texts hold names and kinds, never values, so that they can be counted.</summary>
internal static class Reasons
{
    public const string NotUtf8 = "not UTF-8";
    public const string NotJson = "not JSON";
    public const string NotAnObject = "not a JSON object";
    public const string TooLong = "longer than 64 MiB; raw holds the beginning";

    public static string Missing(string field) => $"field {field}: missing";

    public static string Repeated(string field) => $"field {field}: given twice";

    public static string WrongType(JsonTokenType token, string type) => $"{Name(token)} for {type}";

    private static string Name(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "object",
        JsonTokenType.StartArray => "array",
        JsonTokenType.String => "string",
        JsonTokenType.Number => "number",
        JsonTokenType.True or JsonTokenType.False => "boolean",
        _ => token.ToString(),
    };
}
