using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sluice.KafkaWire.Wire;

namespace Sluice.Conformance.KafkaWire;

/// <summary>A connection that sends what it is told to, well-formed or not.</summary>
internal sealed class RawKafka : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private RawKafka(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    public static async Task<RawKafka> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        return new RawKafka(client);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes);

    public static byte[] Request(short key, short version, int correlationId, bool isFlexible, Action<KafkaWriter> body)
    {
        using var writer = new KafkaWriter(isFlexible: false);
        writer.WriteInt16(key);
        writer.WriteInt16(version);
        writer.WriteInt32(correlationId);
        writer.WriteNullableString("raw");
        writer.IsFlexible = isFlexible;
        writer.WriteTags();
        body(writer);
        return writer.ToFrame();
    }

    /// <summary>The next response without its size; null when the broker ended the connection.</summary>
    public async Task<byte[]?> ReceiveAsync()
    {
        var size = new byte[4];
        if (!await TryFillAsync(size)) return null;
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        return await TryFillAsync(frame) ? frame : null;
    }

    public async Task<int> ReceiveCorrelationIdAsync() => BinaryPrimitives.ReadInt32BigEndian((await ReceiveAsync()).ShouldNotBeNull());

    public void Dispose() => _client.Dispose();

    private async Task<bool> TryFillAsync(byte[] bytes)
    {
        for (var filled = 0; filled < bytes.Length;)
        {
            int read;
            try
            {
                read = await _stream.ReadAsync(bytes.AsMemory(filled));
            }
            catch (IOException)
            {
                // A reset is an end too.
                return false;
            }

            if (read == 0) return false;
            filled += read;
        }

        return true;
    }
}
