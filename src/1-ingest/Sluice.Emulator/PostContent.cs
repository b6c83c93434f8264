using System.Buffers;
using System.Net;

namespace Sluice.Emulator;

/// <summary>The body of a post, written from the rows' own memory.</summary>
internal sealed class PostContent : HttpContent
{
    private const int WriteBytes = 64 * 1024;
    private readonly Post _post;

    public PostContent(Post post)
    {
        _post = post;
        Headers.ContentType = post.Format.ContentType;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _post.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var format = _post.Format;
        var longest = _post.Rows.Max(row => format.LengthOf(row, isFirst: false));
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(_post.Length, Math.Max(WriteBytes, longest + format.EnvelopeLength)) + 1);
        format.Opening.CopyTo(buffer, 0);
        var filled = format.Opening.Length;
        for (var at = 0; at < _post.Rows.Count; at++)
        {
            var row = _post.Rows[at];
            if (filled + format.LengthOf(row, at == 0) + format.Closing.Length > buffer.Length)
            {
                await stream.WriteAsync(buffer.AsMemory(0, filled), cancellationToken);
                filled = 0;
            }

            filled += format.Write(buffer.AsSpan(filled), row, at == 0);
        }

        format.Closing.CopyTo(buffer, filled);
        await stream.WriteAsync(buffer.AsMemory(0, filled + format.Closing.Length), cancellationToken);

        // After a failed write the connection may still hold the buffer, so only the good path gives it back.
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
