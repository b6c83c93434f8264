using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Sluice.Kinesis.Listening;
using Sluice.Testing;

namespace Sluice.Conformance.Kinesis;

/// <summary>Connections that do not say which version of HTTP they speak: kept as long as Kestrel keeps its own, and no longer.</summary>
public sealed class SilentConnectionTests : IAsyncDisposable
{
    private static readonly KestrelServerLimits s_limits = new();

    private readonly Clock _time = new();
    private readonly WebApplication _app;
    private bool _isStarted;

    public SilentConnectionTests()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        // A stop that waits for a connection then outlasts the test.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromHours(1));
        builder.WebHost.UseKestrelCore().UseHttp2WithoutTls().ConfigureKestrel(kestrel => kestrel.ListenInBothVersions(IPAddress.Loopback, 0, _time));
        _app = builder.Build();
        _app.Run(http =>
        {
            http.Response.ContentLength = http.Request.Protocol.Length;
            return http.Response.WriteAsync(http.Request.Protocol);
        });
    }

    [Fact(Timeout = 20_000)]
    public async Task One_that_says_nothing_is_closed_after_the_time_of_an_idle_one()
    {
        using var silent = await ConnectAsync();
        await _time.TimerSetAsync();
        var end = silent.ReadSomeAsync(new byte[1]).AsTask();
        _time.Advance(s_limits.KeepAliveTimeout - TimeSpan.FromSeconds(1));
        using var late = await ConnectAsync();
        await _time.TimerSetAsync();
        end.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await end).ShouldBe(0);
        await late.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        (await late.ReceiveAsync()).ShouldNotBeNull().Body.ShouldBe("HTTP/1.1");
    }

    [Fact(Timeout = 20_000)]
    public async Task One_that_begins_and_goes_no_further_is_closed_after_the_time_of_a_request_head()
    {
        using var slow = await ConnectAsync();
        await _time.TimerSetAsync();
        await slow.SendAsync("PRI * HT");
        await _time.TimerSetAsync();
        var end = slow.ReadSomeAsync(new byte[1]).AsTask();
        _time.Advance(s_limits.RequestHeadersTimeout);
        (await end).ShouldBe(0);
    }

    [Fact(Timeout = 20_000)]
    public async Task The_server_stops_without_waiting_for_one_that_says_nothing()
    {
        using var silent = await ConnectAsync();
        await _time.TimerSetAsync();
        using var slow = await ConnectAsync();
        await slow.SendAsync("PRI");
        await _time.TimerSetAsync();
        await _time.TimerSetAsync();
        await _app.StopAsync(TestContext.Current.CancellationToken);
        (await silent.ReadSomeAsync(new byte[1])).ShouldBe(0);
        (await slow.ReadSomeAsync(new byte[1])).ShouldBe(0);
    }

    public async ValueTask DisposeAsync()
    {
        using var hurry = new CancellationTokenSource(TimeSpan.FromSeconds(1), TimeProvider.System);
        await _app.StopAsync(hurry.Token);
        await _app.DisposeAsync();
    }

    private async Task<RawConnection> ConnectAsync()
    {
        if (!_isStarted) await _app.StartAsync(TestContext.Current.CancellationToken);
        _isStarted = true;
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, new Uri(_app.Urls.First()).Port, TestContext.Current.CancellationToken);
        return new RawConnection(client);
    }

    /// <summary>Time that the test moves, and that tells when a timer was made or set anew.</summary>
    private sealed class Clock : FakeTimeProvider
    {
        private readonly Channel<int> _set = Channel.CreateUnbounded<int>();

        public async Task TimerSetAsync() => await _set.Reader.ReadAsync(TestContext.Current.CancellationToken);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new WatchedTimer(base.CreateTimer(callback, state, dueTime, period), _set.Writer);
            _set.Writer.TryWrite(0);
            return timer;
        }
    }

    private sealed class WatchedTimer(ITimer timer, ChannelWriter<int> set) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var isChanged = timer.Change(dueTime, period);
            set.TryWrite(0);
            return isChanged;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
