using System.Buffers;
using System.Text.Json;

namespace Sluice.Log.Kinesis.Client;

/// <summary>Builds the bodies of requests.</summary>
internal static class KinesisRequest
{
    /// <param name="write">Writes the members.</param>
    public static ReadOnlyMemory<byte> Body(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
