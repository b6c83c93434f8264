using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
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
    /// <remarks>
    /// A connection that says nothing is closed when the server stops, or after <see cref="KestrelServerLimits.KeepAliveTimeout"/>; one that began
    /// and does not say which version it speaks, after <see cref="KestrelServerLimits.RequestHeadersTimeout"/>: as Kestrel itself does.
    /// </remarks>
    /// <param name="time">Measures how long a connection says nothing.</param>
    public static void ListenInBothVersions(this KestrelServerOptions kestrel, IPAddress address, int port, TimeProvider time)
    {
        var handedOver = kestrel.ApplicationServices.GetRequiredService<HandedOverConnections>();
        kestrel.Listen(address, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => async connection =>
            {
                var isHttp2 = await IsHttp2Async(connection, kestrel.Limits, time);
                if (isHttp2 == true) await handedOver.ServeAsync(connection);
                else if (isHttp2 == false) await next(connection);
            });
        });
        kestrel.Listen(handedOver.EndPoint, listen => listen.Protocols = HttpProtocols.Http2);
    }

    /// <summary>Looks at the first bytes and leaves them where they are; null when the connection is to be closed without them.</summary>
    private static async Task<bool?> IsHttp2Async(ConnectionContext connection, KestrelServerLimits limits, TimeProvider time)
    {
        var input = connection.Transport.Input;
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var patience = new CancellationTokenSource(limits.KeepAliveTimeout, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping, patience.Token);
        try
        {
            for (var hasBegun = false; ; hasBegun = true)
            {
                var read = await input.ReadAsync(ended.Token);
                var verdict = Judge(read.Buffer);
                var isDecided = verdict is not null || read.IsCompleted || read.IsCanceled;
                input.AdvanceTo(read.Buffer.Start, isDecided ? read.Buffer.Start : read.Buffer.End);
                if (isDecided) return verdict ?? false;
                if (!hasBegun) patience.CancelAfter(limits.RequestHeadersTimeout);
            }
        }
        catch (Exception gone) when (gone is ConnectionResetException or OperationCanceledException)
        {
            // The other side left or had its time, or the server stops: there is nothing to serve.
            return null;
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
