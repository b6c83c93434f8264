using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Kinesis.Listening;

/// <summary>A listener of Kestrel whose connections come from another listener of the same server.</summary>
internal sealed class HandedOverConnections : IConnectionListenerFactory, IConnectionListenerFactorySelector, IConnectionListener
{
    /// <summary>Connections handed over and not yet taken: 512, as many as Kestrel's own socket listener lets wait.</summary>
    private const int WaitingMax = 512;

    private readonly Channel<ConnectionContext> _connections = Channel.CreateBounded<ConnectionContext>(WaitingMax);

    public EndPoint EndPoint { get; } = new HandedOverEndPoint();

    public bool CanBind(EndPoint endpoint) => ReferenceEquals(endpoint, EndPoint);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _connections.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_connections.Reader.TryRead(out var connection)) return connection;
        }

        return null;
    }

    /// <summary>Hands a connection over; completes when its new listener is done with it.</summary>
    public async Task ServeAsync(ConnectionContext connection)
    {
        var handed = new HandedOverConnection(connection);
        try
        {
            await _connections.Writer.WriteAsync(handed, connection.ConnectionClosed);
        }
        catch (Exception ended) when (ended is ChannelClosedException or OperationCanceledException)
        {
            // The server stops, or the other side left: there is nothing to serve, and the listener it came from closes it.
            return;
        }

        await handed.Done;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _connections.Writer.TryComplete();
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        _connections.Writer.TryComplete();
        while (_connections.Reader.TryRead(out var connection)) await connection.DisposeAsync();
    }

    private sealed class HandedOverEndPoint : EndPoint
    {
        public override string ToString() => "http2-without-tls";
    }

    /// <summary>The same connection with features of its own; its end is told, and left to the listener that owns it.</summary>
    private sealed class HandedOverConnection(ConnectionContext inner) : ConnectionContext
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public override string ConnectionId { get; set; } = inner.ConnectionId;

        public override IFeatureCollection Features { get; } = new FeatureCollection(inner.Features);

        public override IDictionary<object, object?> Items { get; set; } = inner.Items;

        public override IDuplexPipe Transport { get; set; } = inner.Transport;

        public override CancellationToken ConnectionClosed { get; set; } = inner.ConnectionClosed;

        public override EndPoint? LocalEndPoint { get; set; } = inner.LocalEndPoint;

        public override EndPoint? RemoteEndPoint { get; set; } = inner.RemoteEndPoint;

        public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

        public override ValueTask DisposeAsync()
        {
            _done.TrySetResult();
            return base.DisposeAsync();
        }
    }
}
