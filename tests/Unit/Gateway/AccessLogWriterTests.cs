using Microsoft.Extensions.Logging;
using Sluice.Gateway.AccessLog;

namespace Sluice.Unit.Gateway;

public sealed class AccessLogWriterTests
{
    [Fact]
    public async Task A_sink_that_stands_still_holds_up_nobody_and_what_is_dropped_is_counted()
    {
        var sink = new StandingStream();
        var logger = new RecordingLogger();
        var log = new AccessLogWriter(sink, logger, queueLength: 10);
        log.Add(Entry());
        await sink.Entered.Task;
        for (var i = 0; i < 100; i++) log.Add(Entry());
        sink.Release.SetResult();
        await log.DisposeAsync();
        logger.Lines.ShouldHaveSingleItem().ShouldStartWith("90 line(s) of the access log were dropped");
        sink.Lines.ShouldBe(11);
    }

    [Fact]
    public async Task A_sink_that_fails_is_reported_and_its_lines_are_counted()
    {
        var logger = new RecordingLogger();
        var log = new AccessLogWriter(new FailingStream(), logger);
        log.Add(Entry());
        await log.DisposeAsync();
        logger.Lines.ShouldBe(["The access log could not be written.", "1 line(s) of the access log were dropped: its sink failed or is slower than the requests."]);
    }

    private static AccessLogEntry Entry() => new() { RequestId = "r", Method = "GET", Path = "/" };

    private sealed class RecordingLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }

    private sealed class StandingStream : MemoryStream
    {
        public TaskCompletionSource Entered { get; } = new();

        public TaskCompletionSource Release { get; } = new();

        public int Lines { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Entered.TrySetResult();
            await Release.Task;
            Lines += buffer.Span.Count((byte)'\n');
        }
    }

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("No space left on device");
    }
}
