using System.Text.Json;

namespace Sluice.Cleaning;

/// <summary>Why a record is quarantined. Texts hold names and kinds, not values (save what DuckDB says when the SQL fails), so that they can be counted.</summary>
internal static class Reasons
{
    public const string NotUtf8 = "not UTF-8";
    public const string NotJson = "not JSON";
    public const string NotAnObject = "not a JSON object";
    public const string TooLong = "longer than 64 MiB; raw holds the beginning";
    public const string SeveralRows = "clean SQL: several rows for the record";
    public const string NoRow = "clean SQL: no row for the record";

    // DuckDB quotes the value in its message; the beginning says what happened.
    private const int SqlMessageCharsMax = 200;

    public static string CleaningFailed(string message) =>
        "clean SQL: " + (message.Length > SqlMessageCharsMax ? message[..SqlMessageCharsMax] : message);

    public static string KeyIsNull(string column) => $"key {column}: null after cleaning";

    public static string IsNull(string column) => $"column {column}: null after cleaning";

    public static string FailedCheck(string name) => $"check {name}: failed";

    public static string UnmetExpectation(string name) => $"expectation {name}: not met";

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
