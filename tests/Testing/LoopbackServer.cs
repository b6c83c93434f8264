using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Sluice.Testing;

/// <summary>Kestrel on a free loopback port, answering with one delegate.</summary>
public sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Urls.Single());
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public static async Task<LoopbackServer> StartAsync(RequestDelegate answer, Action<KestrelServerLimits>? limits = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            limits?.Invoke(kestrel.Limits);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new LoopbackServer(app);
    }

    /// <summary>A plain connection, for what an HTTP client would not send.</summary>
    public async Task<RawConnection> ConnectAsync()
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, Address.Port);
        return new RawConnection(client);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var hurry = new CancellationTokenSource(TimeSpan.FromSeconds(1), TimeProvider.System);
        await _app.StopAsync(hurry.Token);
        await _app.DisposeAsync();
    }
}

/// <summary>A response read from a plain connection.</summary>
public sealed record RawResponse(int Status, string Headers, string Body);

/// <summary>A TCP connection that speaks HTTP/1.1 only as far as it is told to.</summary>
public sealed class RawConnection(TcpClient client) : IDisposable
{
    private readonly NetworkStream _stream = client.GetStream();
    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _filled;

    public ValueTask SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes);

    /// <summary>Whatever has arrived, at least one byte; 0 at the end of the connection.</summary>
    public ValueTask<int> ReadSomeAsync(Memory<byte> buffer) => _stream.ReadAsync(buffer);

    /// <summary>Closes with a reset instead of a farewell.</summary>
    public void Reset()
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    /// <summary>The next response with a Content-Length; null when the server closed the connection instead.</summary>
    public async Task<RawResponse?> ReceiveAsync()
    {
        while (true)
        {
            var text = Encoding.Latin1.GetString(_buffer, 0, _filled);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                var length = BodyLength(text[..end]);
                if (_filled >= end + 4 + length)
                {
                    var body = Encoding.UTF8.GetString(_buffer, end + 4, length);
                    _filled -= end + 4 + length;
                    _buffer.AsSpan(end + 4 + length, _filled).CopyTo(_buffer);
                    return new RawResponse(int.Parse(text.AsSpan(9, 3)), text[..end], body);
                }
            }

            var read = await _stream.ReadAsync(_buffer.AsMemory(_filled));
            if (read == 0) return null;
            _filled += read;
        }
    }

    public void Dispose() => client.Dispose();

    private static int BodyLength(string headers)
    {
        const string Name = "content-length:";
        var at = headers.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return 0;
        var line = headers.AsSpan(at + Name.Length);
        var end = line.IndexOf('\r');
        return int.Parse(end < 0 ? line : line[..end]);
    }
}
