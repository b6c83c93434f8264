using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sluice.Gateway.Config;

namespace Sluice.Gateway.AccessLog;

/// <summary>
/// Writes one JSON line per request to a stream, beside the requests: they leave an entry in a bounded queue and go on. When the
/// queue is full or the stream fails, lines are dropped, counted, and the count is logged.
/// </summary>
internal sealed partial class AccessLogWriter : IAsyncDisposable
{
    private static readonly JsonWriterOptions s_jsonOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly Channel<AccessLogEntry> _queue;
    private readonly Stream _sink;
    private readonly ILogger _logger;
    private readonly Task _writing;
    private long _dropped;

    public AccessLogWriter(Stream sink, ILogger logger, int queueLength = GatewayLimits.AccessLogQueue)
    {
        _sink = sink;
        _logger = logger;
        _queue = Channel.CreateBounded<AccessLogEntry>(new BoundedChannelOptions(queueLength) { SingleReader = true });
        _writing = Task.Run(WriteAllAsync);
    }

    public void Add(AccessLogEntry entry)
    {
        if (!_queue.Writer.TryWrite(entry)) Interlocked.Increment(ref _dropped);
    }

    /// <summary>Writes what is queued and flushes. The stream stays open: it is its giver's.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAllAsync()
    {
        var buffer = new ArrayBufferWriter<byte>(GatewayLimits.AccessLogBatchBytes);
        await using var json = new Utf8JsonWriter(buffer, s_jsonOptions);
        while (await _queue.Reader.WaitToReadAsync())
        {
            var lines = 0;
            while (buffer.WrittenCount < GatewayLimits.AccessLogBatchBytes && _queue.Reader.TryRead(out var entry))
            {
                json.Reset();
                entry.Write(json);
                json.Flush();
                buffer.Write("\n"u8);
                lines++;
            }

            await WriteBatchAsync(buffer.WrittenMemory, lines);
            buffer.ResetWrittenCount();
            ReportDropped();
        }

        ReportDropped();
    }

    private async ValueTask WriteBatchAsync(ReadOnlyMemory<byte> batch, int lines)
    {
        try
        {
            await _sink.WriteAsync(batch);
            await _sink.FlushAsync();
        }
        catch (IOException failure)
        {
            Interlocked.Add(ref _dropped, lines);
            LogSinkFailed(_logger, failure);
        }
    }

    private void ReportDropped()
    {
        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped) LogDropped(_logger, dropped);
    }

    [LoggerMessage(20, LogLevel.Warning, "{Count} line(s) of the access log were dropped: its sink failed or is slower than the requests.")]
    private static partial void LogDropped(ILogger logger, long count);

    [LoggerMessage(21, LogLevel.Error, "The access log could not be written.")]
    private static partial void LogSinkFailed(ILogger logger, Exception failure);
}
