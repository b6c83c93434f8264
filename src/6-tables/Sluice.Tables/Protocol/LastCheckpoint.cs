using System.Text.Json;

namespace Sluice.Tables;

/// <summary><c>_last_checkpoint</c>: where to begin listing. A hint: missing, stale or broken, it changes nothing but the speed.</summary>
internal static class LastCheckpoint
{
    public const string Name = "_last_checkpoint";

    /// <summary>The version it points to; null when it says nothing usable.</summary>
    public static long? Parse(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("version", out var version)
                && version.ValueKind == JsonValueKind.Number
                && version.TryGetInt64(out var value)
                && value >= 0
                ? value
                : null;
        }
        catch (JsonException)
        {
            // The protocol makes this file a hint; the listing from the beginning answers instead.
            return null;
        }
    }

    public static byte[] Write(long version, long actions, long bytes, long adds) => JsonSerializer.SerializeToUtf8Bytes(
        new Dictionary<string, long> { ["version"] = version, ["size"] = actions, ["sizeInBytes"] = bytes, ["numOfAddFiles"] = adds });
}
