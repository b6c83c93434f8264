using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace Sluice.Emulator;

/// <summary>
/// The body of a Kafka REST v2 post, <c>{"records":[{"value":{row}},...]}</c>, written from the rows' own memory.
/// </summary>
internal sealed class RecordsContent : HttpContent
{
    private const int WriteBytes = 64 * 1024;
    private static readonly MediaTypeHeaderValue s_type = new("application/vnd.kafka.json.v2+json");
    private readonly Post _post;

    public RecordsContent(Post post)
    {
        _post = post;
        Headers.ContentType = s_type;
    }

    /// <summary>Length of a body without records.</summary>
    public static int EnvelopeLength => Opening.Length + Closing.Length;

    private static ReadOnlySpan<byte> Opening => "{\"records\":["u8;

    private static ReadOnlySpan<byte> BeforeValue => "{\"value\":"u8;

    private static ReadOnlySpan<byte> Closing => "]}"u8;

    /// <summary>What a row adds to the length of a body.</summary>
    public static int LengthOf(ReadOnlyMemory<byte> row, bool isFirst) =>
        (isFirst ? 0 : 1) + BeforeValue.Length + row.Length + 1;

    protected override bool TryComputeLength(out long length)
    {
        length = _post.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var longest = _post.Rows.Max(row => row.Length);
        var size = Math.Min(_post.Length, Math.Max(WriteBytes, longest + EnvelopeLength + LengthOf(default, isFirst: false)));
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        Opening.CopyTo(buffer);
        var filled = Opening.Length;
        for (var at = 0; at < _post.Rows.Count; at++)
        {
            var row = _post.Rows[at];
            if (filled + LengthOf(row, isFirst: false) + Closing.Length > buffer.Length)
            {
                await stream.WriteAsync(buffer.AsMemory(0, filled), cancellationToken);
                filled = 0;
            }

            filled += Write(buffer.AsSpan(filled), row.Span, at == 0);
        }

        Closing.CopyTo(buffer.AsSpan(filled));
        await stream.WriteAsync(buffer.AsMemory(0, filled + Closing.Length), cancellationToken);

        // After a failed write the connection may still hold the buffer, so only the good path gives it back.
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static int Write(Span<byte> to, ReadOnlySpan<byte> row, bool isFirst)
    {
        var start = to.Length;
        if (!isFirst)
        {
            to[0] = (byte)',';
            to = to[1..];
        }

        BeforeValue.CopyTo(to);
        row.CopyTo(to[BeforeValue.Length..]);
        to = to[(BeforeValue.Length + row.Length)..];
        to[0] = (byte)'}';
        return start - to.Length + 1;
    }
}
