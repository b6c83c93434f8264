using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Kinesis;
using Sluice.Kinesis.Wire;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Unit.Kinesis;

/// <summary>One call without a server, for what cannot be brought about from outside; its log keeps the system's time.</summary>
internal sealed class CallBed : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MemoryStream _sent = new();

    public CallBed(TimeProvider time, KinesisOptions? options = null)
    {
        var logOptions = new EmbeddedLogOptions { Directory = _folder.At("log"), Durability = Durability.None };
        Log = EmbeddedLog.Open(logOptions, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        Services = new KinesisServices(Log, options ?? new KinesisOptions(), time, NullLogger.Instance);
        Call = new KinesisCall(Services);
        Call.Begin(new DefaultHttpContext { Response = { Body = _sent } }, WireFormat.Json);
    }

    public EmbeddedLog Log { get; }

    public KinesisServices Services { get; }

    public KinesisCall Call { get; }

    public ValueTask<StreamDescription> CreateAsync(string stream = "s") => Log.CreateStreamAsync(new StreamSpec(stream, 1, new StreamAttributes()), default);

    /// <summary>The messages of an event stream that were sent.</summary>
    public async Task<List<EventMessage>> EventsAsync()
    {
        var events = new EventReader(new MemoryStream(_sent.ToArray()));
        var messages = new List<EventMessage>();
        while (await events.NextAsync() is { } message) messages.Add(message);
        return messages;
    }

    public async ValueTask DisposeAsync()
    {
        Call.Dispose();
        await Log.DisposeAsync();
        await _sent.DisposeAsync();
        _folder.Dispose();
    }
}
