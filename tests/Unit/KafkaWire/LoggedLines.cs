using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sluice.Unit.KafkaWire;

/// <summary>Keeps what is logged.</summary>
internal sealed class LoggedLines : ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text, Exception? Fault)> _lines = new();

    public IReadOnlyCollection<(LogLevel Level, string Text, Exception? Fault)> Lines => _lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception), exception));
}
