using System.Text.Json;

namespace Sluice.Tables;

/// <summary>Reads <c>commitInfo</c>, in which every engine may write what it likes: a field of an unexpected type is passed over.</summary>
internal static class CommitInfoReader
{
    public static CommitInfo Read(ref Utf8JsonReader reader)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var info = document.RootElement;
        return new CommitInfo
        {
            Timestamp = Number(info, "timestamp"),
            InCommitTimestamp = Number(info, "inCommitTimestamp"),
            Operation = Text(info, "operation") ?? "",
            OperationParameters = Map(info, "operationParameters"),
            OperationMetrics = Map(info, "operationMetrics"),
            ReadVersion = Number(info, "readVersion"),
            IsolationLevel = Text(info, "isolationLevel"),
            IsBlindAppend = Flag(info, "isBlindAppend"),
            EngineInfo = Text(info, "engineInfo"),
            TxnId = Text(info, "txnId"),
        };
    }

    private static long? Number(JsonElement info, string name) =>
        info.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.Number && v.TryGetInt64(out var n) ? n : null;

    private static string? Text(JsonElement info, string name) =>
        info.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;

    private static bool? Flag(JsonElement info, string name) =>
        info.TryGetProperty(name, out var v) && v.ValueKind is JsonValueKind.True or JsonValueKind.False ? v.GetBoolean() : null;

    private static IReadOnlyDictionary<string, string> Map(JsonElement info, string name)
    {
        if (!info.TryGetProperty(name, out var map) || map.ValueKind != JsonValueKind.Object) return EmptyMap.Strings;
        var values = new Dictionary<string, string>();
        foreach (var entry in map.EnumerateObject())
        {
            if (entry.Value.ValueKind == JsonValueKind.Null) continue;
            values[entry.Name] = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : entry.Value.GetRawText();
        }

        return values;
    }
}
