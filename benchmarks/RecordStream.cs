using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Sluice.Bench;

/// <summary>
/// One post of v3's streaming mode: records go out in a chunked body while their receipts come in, which HttpClient does not do over HTTP/1.1.
/// </summary>
internal static class RecordStream
{
    private const int RecordsPerChunk = 32;

    /// <summary>Sends a record over and over; gives the number of receipts with an offset that came until the answer ended.</summary>
    public static async Task<int> SendAsync(Uri url, string record, int records, CancellationToken cancel)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(url.Host, url.Port, cancel);
        var stream = client.GetStream();
        var receiving = ReceiveAsync(stream, cancel);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"POST {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"), cancel);
        var text = string.Concat(Enumerable.Repeat(record, RecordsPerChunk));
        var chunk = Encoding.ASCII.GetBytes($"{text.Length.ToString("x", CultureInfo.InvariantCulture)}\r\n{text}\r\n");
        for (var sent = 0; sent < records; sent += RecordsPerChunk) await stream.WriteAsync(chunk, cancel);
        await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), cancel);
        return await receiving;
    }

    private static async Task<int> ReceiveAsync(NetworkStream stream, CancellationToken cancel)
    {
        var (buffer, kept, receipts) = (new byte[64 << 10], 0, 0);
        var isEmpty = false;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(kept), cancel);
            if (read == 0) throw new InvalidOperationException($"The connection ended after {receipts} receipts.");
            var filled = kept + read;
            receipts += Count(buffer.AsSpan(0, filled), out var counted);
            isEmpty |= buffer.AsSpan(0, filled).IndexOf("Content-Length: 0\r\n"u8) >= 0;
            if (buffer.AsSpan(0, filled).EndsWith(isEmpty ? "\r\n\r\n"u8 : "0\r\n\r\n"u8)) return receipts;
            // A receipt or the end may be cut in two.
            var from = Math.Max(counted, filled - 32);
            buffer.AsSpan(from, filled - from).CopyTo(buffer);
            kept = filled - from;
        }
    }

    private static int Count(ReadOnlySpan<byte> bytes, out int counted)
    {
        var mark = "\"offset\":"u8;
        var count = 0;
        for (counted = 0; bytes[counted..].IndexOf(mark) is >= 0 and var at; count++) counted += at + mark.Length;
        return count;
    }
}
