using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Kinesis.Listening;

namespace Sluice.Console.Node;

/// <summary>One Kestrel on one loopback port (HTTP/1.1 and HTTP/2 without TLS) or Unix socket that gives every request to one delegate.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    /// <summary>Connections to one port, 4,096: with full read buffers they hold 512 MB.</summary>
    private const int ConnectionsMax = 4096;

    /// <summary>Bytes that a connection reads ahead, 128 KiB and not Kestrel's 1 MiB: a request that waits for memory holds no more of its body.</summary>
    private const int ReadAheadBytes = 128 << 10;

    private readonly WebApplication _app;

    private HttpServer(WebApplication app) => _app = app;

    /// <summary>The port it listens on; 0 for a Unix socket.</summary>
    public int Port { get; private init; }

    /// <param name="name">For messages.</param>
    /// <param name="port">0 picks a free one.</param>
    /// <param name="bodyBytesMax">Largest request body; Kestrel ends a larger one. Null when the delegate has a limit of its own.</param>
    /// <exception cref="UserException">The port is taken.</exception>
    public static async Task<HttpServer> StartAsync(
        string name, int port, RequestDelegate handler, long? bodyBytesMax, CancellationToken cancel)
    {
        var app = Build(handler, kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = bodyBytesMax;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.ListenInBothVersions(IPAddress.Loopback, port, TimeProvider.System);
        });
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException taken)
        {
            await app.DisposeAsync();
            throw Taken(name, port, taken);
        }

        return new HttpServer(app) { Port = new Uri(app.Urls.First()).Port };
    }

    public static UserException Taken(string name, int port, IOException taken) => new(
        ExitCode.Failed,
        $"The {name} cannot listen on 127.0.0.1:{port}: {taken.Message} Set ports.{name} in sluice.yaml; 0 picks a free port.");

    /// <summary>Listens on a Unix socket, HTTP/2 only, for commands of other processes of this machine.</summary>
    public static async Task<HttpServer> StartOnSocketAsync(string path, RequestDelegate handler, CancellationToken cancel)
    {
        File.Delete(path);
        var app = Build(handler, kestrel => kestrel.ListenUnixSocket(path, listen => listen.Protocols = HttpProtocols.Http2));
        await app.StartAsync(cancel);
        return new HttpServer(app);
    }

    /// <summary>Stops accepting, lets running requests end, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static WebApplication Build(RequestDelegate handler, Action<KestrelServerOptions> configure)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Critical));
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            sockets.MaxReadBufferSize = ReadAheadBytes;
            // Sockets go to the thread pool at once, without Kestrel's queues in between: 3 to 5 % more PutRecords over 16 connections.
            sockets.IOQueueCount = 0;
        });
        builder.WebHost.UseKestrelCore().UseHttp2WithoutTls().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            configure(kestrel);
        });
        var app = builder.Build();
        app.Run(handler);
        return app;
    }
}
