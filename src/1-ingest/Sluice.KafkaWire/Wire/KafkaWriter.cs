using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Sluice.Bytes;

namespace Sluice.KafkaWire.Wire;

/// <summary>
/// Writes a frame, a response mostly, in either encoding. Record batches are put in by reference, so what a fetch read from disk goes
/// to the connection as it is.
/// </summary>
internal sealed class KafkaWriter : IDisposable
{
    private const int SizeBytes = sizeof(int);
    private readonly ByteWriter _bytes = new(initialBytes: 512);
    private readonly List<(int At, ReadOnlyMemory<byte> Bytes)> _spliced = [];
    private int _splicedBytes;

    public KafkaWriter(bool isFlexible)
    {
        IsFlexible = isFlexible;
        _bytes.WriteInt32(0);
    }

    public bool IsFlexible { get; set; }

    /// <summary>Called when the frame is not needed any more.</summary>
    public Action? Released { get; set; }

    /// <summary>Bytes of the frame so far, its size field among them.</summary>
    public int Length => _bytes.Length + _splicedBytes;

    public void WriteInt8(sbyte value) => _bytes.WriteByte((byte)value);

    public void WriteBool(bool value) => _bytes.WriteByte(value ? (byte)1 : (byte)0);

    public void WriteInt16(short value) => _bytes.WriteInt16(value);

    public void WriteInt32(int value) => _bytes.WriteInt32(value);

    public void WriteInt64(long value) => _bytes.WriteInt64(value);

    public void WriteError(KafkaError error) => _bytes.WriteInt16((short)error);

    /// <summary>throttle_time_ms: this broker holds nobody back.</summary>
    public void WriteThrottleTime() => _bytes.WriteInt32(0);

    public void WriteUuid(Guid value)
    {
        value.TryWriteBytes(_bytes.GetSpan(16), bigEndian: true, out var written);
        _bytes.Advance(written);
    }

    public void WriteString(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        if (IsFlexible) WriteCompactLength(count);
        else _bytes.WriteInt16(checked((short)count));
        WriteUtf8(value, count);
    }

    public void WriteNullableString(string? value)
    {
        if (value is not null) WriteString(value);
        else if (IsFlexible) WriteCompactLength(-1);
        else _bytes.WriteInt16(-1);
    }

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteLength(value.Length);
        _bytes.Write(value);
    }

    /// <summary>Batches, by reference; they have to stay as they are until the frame is sent.</summary>
    public void WriteRecords(ReadOnlyMemory<byte> batches)
    {
        WriteLength(batches.Length);
        if (batches.IsEmpty) return;
        _spliced.Add((_bytes.Length, batches));
        _splicedBytes += batches.Length;
    }

    /// <summary>Bytes without a length, as they are.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    public void WriteArrayLength(int count) => WriteLength(count);

    public void WriteNullArray() => WriteLength(-1);

    public void WriteInt32Array(ReadOnlySpan<int> values)
    {
        WriteArrayLength(values.Length);
        foreach (var value in values) WriteInt32(value);
    }

    /// <summary>Ends a structure: no tagged fields in the flexible encoding, nothing in the classic one.</summary>
    public void WriteTags()
    {
        if (IsFlexible) _bytes.WriteByte(0);
    }

    /// <summary>The whole frame in one piece; for tests and small frames.</summary>
    public byte[] ToFrame()
    {
        var frame = new byte[Length];
        var to = 0;
        foreach (var piece in Pieces())
        {
            piece.Span.CopyTo(frame.AsSpan(to));
            to += piece.Length;
        }

        return frame;
    }

    /// <summary>Sends the frame; large batches go in steps, as fast as the other side takes them.</summary>
    public async ValueTask<FlushResult> SendAsync(PipeWriter output, CancellationToken cancel)
    {
        var sent = default(FlushResult);
        foreach (var piece in Pieces())
        {
            for (var rest = piece; !rest.IsEmpty && !sent.IsCompleted;)
            {
                // A flush per step lets the pipe hold the sender back.
                const int StepBytes = 256 << 10;
                var step = rest[..Math.Min(rest.Length, StepBytes)];
                sent = await output.WriteAsync(step, cancel);
                rest = rest[step.Length..];
            }
        }

        return sent;
    }

    public void Dispose()
    {
        _bytes.Dispose();
        Released?.Invoke();
        Released = null;
    }

    private IEnumerable<ReadOnlyMemory<byte>> Pieces()
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.WrittenSpan, Length - SizeBytes);
        var from = 0;
        foreach (var (at, bytes) in _spliced)
        {
            yield return _bytes.Written[from..at];
            yield return bytes;
            from = at;
        }

        yield return _bytes.Written[from..];
    }

    private void WriteLength(int length)
    {
        if (IsFlexible) WriteCompactLength(length);
        else _bytes.WriteInt32(length);
    }

    private void WriteCompactLength(int length) => _bytes.WriteUnsignedVarint((uint)(length + 1));

    private void WriteUtf8(string value, int count)
    {
        Encoding.UTF8.GetBytes(value, _bytes.GetSpan(count));
        _bytes.Advance(count);
    }
}
