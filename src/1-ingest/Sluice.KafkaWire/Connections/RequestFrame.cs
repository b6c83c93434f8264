using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Sluice.Bytes;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Connections;

/// <summary>One request as it came, without its size field, in a pooled array; to be disposed when nothing refers to it any more.</summary>
internal sealed class RequestFrame : IDisposable
{
    private const int SizeBytes = sizeof(int);
    private readonly ByteBudget _budget;
    private readonly long _taken;
    private byte[]? _buffer;

    private RequestFrame(byte[] buffer, int length, ByteBudget budget, long taken)
    {
        _buffer = buffer;
        _budget = budget;
        _taken = taken;
        Bytes = buffer.AsMemory(0, length);
    }

    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>The next request; null when the other side has ended the connection between two requests.</summary>
    /// <param name="begun">Called when the first bytes of a request are there.</param>
    /// <exception cref="InvalidDataException">The size is out of bounds, or the connection ended within a request.</exception>
    public static async ValueTask<RequestFrame?> ReadAsync(
        PipeReader input, ByteBudget budget, KafkaLimits limits, Action begun, CancellationToken cancel)
    {
        var start = await input.ReadAtLeastAsync(SizeBytes + RequestHeader.FixedBytes, cancel);
        if (start.Buffer.IsEmpty && start.IsCompleted) return null;
        begun();
        if (start.Buffer.Length < SizeBytes + RequestHeader.FixedBytes) throw new InvalidDataException("The connection ended within a request.");
        var size = CheckedSize(start.Buffer, limits);
        input.AdvanceTo(start.Buffer.GetPosition(SizeBytes));
        var taken = size <= limits.SmallRequestBytes ? 0 : (await budget.TakeAsync(size, cancel))!.Value;
        var frame = new RequestFrame(ArrayPool<byte>.Shared.Rent(size), size, budget, taken);
        try
        {
            await frame.FillAsync(input, size, cancel);
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_buffer is null) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        Bytes = default;
        if (_taken > 0) _budget.Return(_taken);
    }

    private static int CheckedSize(in ReadOnlySequence<byte> start, KafkaLimits limits)
    {
        Span<byte> bytes = stackalloc byte[SizeBytes + RequestHeader.FixedBytes];
        start.Slice(0, bytes.Length).CopyTo(bytes);
        var size = BinaryPrimitives.ReadInt32BigEndian(bytes);
        var key = RequestHeader.ReadApiKey(bytes[SizeBytes..]);
        var sizeMax = key == Apis.Produce.Key ? limits.ProduceRequestBytesMax : limits.RequestBytesMax;
        if (size < RequestHeader.FixedBytes || size > sizeMax)
            throw new InvalidDataException($"A request of API {key} claims {size} bytes; {RequestHeader.FixedBytes} to {sizeMax} are possible.");
        return size;
    }

    private async ValueTask FillAsync(PipeReader input, int size, CancellationToken cancel)
    {
        for (var filled = 0; filled < size;)
        {
            var read = await input.ReadAsync(cancel);
            var part = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, size - filled));
            part.CopyTo(_buffer.AsSpan(filled));
            filled += (int)part.Length;
            input.AdvanceTo(part.End);
            if (filled < size && read.IsCompleted) throw new InvalidDataException("The connection ended within a request.");
        }
    }
}
