using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Sluice.KafkaWire.Connections;
using Sluice.KafkaWire.Wire;

namespace Sluice.Unit.KafkaWire;

/// <summary>
/// A client's connection without a socket. What the client sends is worked on in the call that sends it, up to the first wait, so a test
/// knows that a request is under way.
/// </summary>
internal sealed class ServedConnection : IDisposable
{
    /// <summary>How long a test waits for what comes at once.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Pipe _toBroker = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
    private readonly Pipe _toClient;
    private readonly Transport _transport;
    private readonly KafkaConnection _served;
    private readonly Task _running;

    /// <param name="unreadBytesMax">The broker waits when the client has left so many bytes unread.</param>
    public ServedConnection(ApiBed bed, int unreadBytesMax = 1 << 20)
    {
        _toClient = new Pipe(new PipeOptions(pauseWriterThreshold: unreadBytesMax, resumeWriterThreshold: 1, useSynchronizationContext: false));
        _transport = new Transport { Transport = new Duplex(_toBroker.Reader, _toClient.Writer) };
        _served = new KafkaConnection(_transport, bed.Broker, CancellationToken.None);
        // Without the context of the test, into which the broker would put off what a request makes it do.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            _running = _served.RunAsync();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    public bool IsAborted => _transport.ConnectionClosed.IsCancellationRequested;

    public void EndIfStuck() => _served.EndIfStuck();

    /// <summary>The client is gone.</summary>
    public void Leave() => _transport.Abort(new ConnectionAbortedException());

    public async Task SendAsync(short key, short version, bool isFlexible, Action<KafkaWriter> body)
    {
        using var request = new KafkaWriter(isFlexible: false);
        request.WriteInt16(key);
        request.WriteInt16(version);
        request.WriteInt32(1);
        request.WriteNullableString("tests");
        request.IsFlexible = isFlexible;
        request.WriteTags();
        body(request);
        await _toBroker.Writer.WriteAsync(request.ToFrame());
    }

    /// <summary>The next response behind its correlation id.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        var start = await _toClient.Reader.ReadAtLeastAsync(sizeof(int), patience.Token);
        var size = BinaryPrimitives.ReadInt32BigEndian(start.Buffer.Slice(0, sizeof(int)).ToArray());
        _toClient.Reader.AdvanceTo(start.Buffer.Start);
        var whole = await _toClient.Reader.ReadAtLeastAsync(sizeof(int) + size, patience.Token);
        var body = whole.Buffer.Slice(2 * sizeof(int), size - sizeof(int)).ToArray();
        _toClient.Reader.AdvanceTo(whole.Buffer.GetPosition(sizeof(int) + size));
        return body;
    }

    /// <summary>Completes when the broker is done with the connection.</summary>
    public Task EndedAsync() => _running.WaitAsync(s_patience);

    public void Dispose()
    {
        Leave();
        _served.Dispose();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Ends at once when it is aborted.</summary>
    private sealed class Transport : DefaultConnectionContext
    {
        private readonly CancellationTokenSource _closed = new();

        public Transport() => ConnectionClosed = _closed.Token;

        public override void Abort(ConnectionAbortedException abortReason) => _closed.Cancel();
    }
}
