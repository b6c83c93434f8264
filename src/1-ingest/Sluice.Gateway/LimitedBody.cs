namespace Sluice.Gateway;

/// <summary>A body of unknown length that went beyond the payload limit.</summary>
internal sealed class PayloadTooLongException(long bytesMax) : IOException($"The request body is longer than {bytesMax} bytes.");

/// <summary>A request body of unknown length, read up to the payload limit and not further.</summary>
internal sealed class LimitedBody(Stream body, long bytesMax) : Stream
{
    private long _read;

    public bool IsExceeded { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await body.ReadAsync(buffer, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Count(body.Read(buffer, offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Count(int read)
    {
        _read += read;
        if (_read <= bytesMax) return read;
        IsExceeded = true;
        throw new PayloadTooLongException(bytesMax);
    }
}
