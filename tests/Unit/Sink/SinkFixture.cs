using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log;
using Sluice.Objects;
using Sluice.Sink;
using Sluice.Testing;
using Sluice.Testing.Watched;

namespace Sluice.Unit.Sink;

/// <summary>A sink between a log and objects in memory, at a time that the test moves.</summary>
internal sealed class SinkFixture : IAsyncDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<S3Sink> _sinks = [];
    private Task _run = Task.CompletedTask;

    public SinkFixture()
    {
        Memory.AddTopic(Pins.Topic);
        Log = new WatchedLog(Memory, Hook);
    }

    public static TopicPartition Pins { get; } = new("pins", 0);

    public static SinkConfig Config { get; } = new()
    {
        Name = "s3",
        Bucket = "bucket",
        Topics = TopicSelection.Named("pins"),
        FlushSize = 1_000,
        IdleFlush = null,
    };

    public FailingHook Hook { get; } = new();

    public InMemoryLog Memory { get; } = new();

    public WatchedLog Log { get; }

    public MemoryObjectStore Objects { get; } = new();

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2024, 5, 1, 10, 0, 0, TimeSpan.Zero));

    public S3Sink NewSink(SinkConfig config)
    {
        var sink = new S3Sink(Log, new WatchedObjects(Objects, Hook), config, Time, NullLogger.Instance);
        _sinks.Add(sink);
        return sink;
    }

    public S3Sink Run(SinkConfig config)
    {
        var sink = NewSink(config);
        _run = sink.RunAsync(_stop.Token);
        return sink;
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _run;
    }

    public Task AppendAsync(params string?[] values) => AppendAtAsync(0, values);

    public Task AppendAtAsync(long timestampMs, params string?[] values) =>
        Memory.AppendAsync(Pins, values.Select(v => (timestampMs, v is null ? null : Encoding.UTF8.GetBytes(v))));

    /// <summary>Appends the values, flushes with a new sink, and returns what landed.</summary>
    public async Task<List<(string Key, string Text)>> LandAsync(SinkConfig config, params string?[] values)
    {
        if (values.Length > 0) await AppendAsync(values);
        await NewSink(config).FlushAsync(s_none);
        return await LandedAsync();
    }

    /// <summary>All objects with their whole text, in order.</summary>
    public async Task<List<(string Key, string Text)>> LandedAsync()
    {
        var landed = new List<(string, string)>();
        await foreach (var info in Objects.ListAsync("", null, s_none))
            landed.Add((info.Key.Value, Encoding.UTF8.GetString((await Objects.GetAsync(info.Key, s_none))!.Value.Span)));
        return landed;
    }

    public async Task<CommittedOffset> CommittedAsync() => (await Memory.CommittedOffsetsAsync("connect-s3", s_none)).Single();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var sink in _sinks) sink.Dispose();
        _stop.Dispose();
        await Log.DisposeAsync();
    }

    internal sealed class FailingHook : OperationHook
    {
        /// <summary>The operation that fails without effect; null for none.</summary>
        public string? FailBefore { get; set; }

        public List<string> Passed { get; } = [];

        public override void Before(string operation)
        {
            lock (Passed)
            {
                if (operation == FailBefore) throw new IOException($"no {operation} today");
                Passed.Add(operation);
            }
        }
    }
}
