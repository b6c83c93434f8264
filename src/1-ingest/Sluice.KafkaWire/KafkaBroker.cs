using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.KafkaWire.Connections;
using Sluice.KafkaWire.Groups;
using Sluice.Log;

namespace Sluice.KafkaWire;

/// <summary>
/// A Kafka broker over the embedded log: the one broker, controller and coordinator of a cluster of one. Batches are stored and served
/// as they came. <c>Apis/</c> has a file per API with its versions, behaviour and known differences.
/// </summary>
/// <remarks>
/// Connections are Kestrel's, without its HTTP part: its sockets, pipes with back pressure and memory pool are what a server needs and
/// are tested by more than this one. The log is the caller's, and outlives the broker.
/// </remarks>
public sealed class KafkaBroker(EmbeddedLog log, KafkaOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_stuckCheckInterval = TimeSpan.FromSeconds(10);
    private readonly KafkaServices _services = new(log, options, time, logger);
    private readonly ConcurrentDictionary<string, KafkaConnection> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private WebApplication? _server;
    private Task _checking = Task.CompletedTask;
    private Task _expiring = Task.CompletedTask;
    private Task _forgetting = Task.CompletedTask;
    private int _connectionCount;

    /// <summary>The port listened on, once started.</summary>
    public int Port { get; private set; }

    /// <summary>Completes the transactions that were decided before, and listens from then on.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    /// <exception cref="FormatException"><see cref="KafkaOptions.Host"/> is no address.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        await _services.Transactions.ResumeAsync();
        var retention = new OffsetRetention(log, _services.Groups, options, time, logger);
        await retention.BeginAsync();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Parse(options.Host), options.Port, endpoint =>
            {
                if (options.Certificate is { } certificate) endpoint.UseHttps(certificate);
                endpoint.Run(ServeAsync);
            }));
        // The last registration counts: it has to stand behind Kestrel's own.
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new TransportMemory(options.Limits.TransportBlockBytes));
        var server = builder.Build();
        try
        {
            await server.StartAsync(cancel);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        _server = server;
        Port = new Uri(server.Urls.Single()).Port;
        if (_services.AdvertisedPort == 0) _services.AdvertisedPort = Port;
        log.Front = BrokerViews.FrontOf(_services);
        _checking = CheckConnectionsAsync();
        _expiring = _services.Transactions.RunAsync(_stopping.Token);
        _forgetting = retention.RunAsync(_stopping.Token);
    }

    /// <summary>Ends all connections and returns when no request is under way any more. Appends that were queued are still durable.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_server is not null) log.Front = null;
        _services.Groups.End();
        if (_server is { } server)
        {
            // Connections end by the token above: there is nothing to wait for.
            await server.StopAsync(CancellationToken.None);
            await server.DisposeAsync();
            _server = null;
        }

        await _checking;
        await _expiring;
        await _forgetting;
        _stopping.Dispose();
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        var isTooMany = Interlocked.Increment(ref _connectionCount) > options.Limits.ConnectionsMax;
        try
        {
            if (isTooMany) return;
            using var served = new KafkaConnection(connection, _services, _stopping.Token);
            _connections[connection.ConnectionId] = served;
            await served.RunAsync();
        }
        finally
        {
            _connections.TryRemove(connection.ConnectionId, out _);
            Interlocked.Decrement(ref _connectionCount);
        }
    }

    private async Task CheckConnectionsAsync()
    {
        using var timer = new PeriodicTimer(s_stuckCheckInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                foreach (var (_, connection) in _connections) connection.EndIfStuck();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The broker stops, and its connections with it.
            return;
        }
    }
}
