using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Sluice.Kinesis.Listening;

/// <summary>
/// HTTP/1.1 and HTTP/2 on one port without TLS: the SDK for JavaScript speaks HTTP/2 to Kinesis from the first byte, the others speak
/// HTTP/1.1, and Kestrel by itself takes one of the two on a port in clear text. The first bytes of a connection tell which it is
/// (RFC 9113, section 3.4); one in HTTP/2 is handed to a second listener of the same server.
/// </summary>
public static class Http2WithoutTls
{
    /// <summary>Registers what <see cref="ListenInBothVersions"/> needs, beside the sockets of Kestrel.</summary>
    public static IWebHostBuilder UseHttp2WithoutTls(this IWebHostBuilder builder) =>
        builder.UseSockets().ConfigureServices(services => services
            .AddSingleton<HandedOverConnections>()
            .AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<HandedOverConnections>()));

    /// <summary>
    /// Listens on a TCP port; once per server. The server's addresses then are this one and, second, a name for the handing over.
    /// </summary>
    public static void ListenInBothVersions(this KestrelServerOptions kestrel, IPAddress address, int port)
    {
        var handedOver = kestrel.ApplicationServices.GetRequiredService<HandedOverConnections>();
        kestrel.Listen(address, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => ServeAsync(connection, next, handedOver));
        });
        kestrel.Listen(handedOver.EndPoint, listen => listen.Protocols = HttpProtocols.Http2);
    }

    private static async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next, HandedOverConnections handedOver)
    {
        var isHttp2 = await IsHttp2Async(connection);
        if (isHttp2) await handedOver.ServeAsync(connection);
        else await next(connection);
    }

    /// <summary>Looks at the first bytes and leaves them where they are.</summary>
    private static async Task<bool> IsHttp2Async(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(connection.ConnectionClosed);
                var verdict = Judge(read.Buffer);
                var isDecided = verdict is not null || read.IsCompleted || read.IsCanceled;
                input.AdvanceTo(read.Buffer.Start, isDecided ? read.Buffer.Start : read.Buffer.End);
                if (isDecided) return verdict ?? false;
            }
        }
        catch (Exception gone) when (gone is ConnectionResetException or OperationCanceledException)
        {
            // The other side left before it said anything; the next reader meets the same end and closes.
            return false;
        }
    }

    private static bool? Judge(ReadOnlySequence<byte> begin)
    {
        var preface = "PRI * HTTP/2.0"u8;
        Span<byte> first = stackalloc byte[preface.Length];
        var length = (int)Math.Min(begin.Length, preface.Length);
        begin.Slice(0, length).CopyTo(first);
        if (!preface.StartsWith(first[..length])) return false;
        return length == preface.Length ? true : null;
    }
}
