using Microsoft.Extensions.Logging;

namespace Sluice.Console.Node;

/// <summary>Log messages as plain lines on standard error: level, source, message.</summary>
internal static class LogLines
{
    public static ILoggerFactory To(TextWriter writer, LogLevel level) =>
        new LoggerFactory([new Provider(TextWriter.Synchronized(writer))], new LoggerFilterOptions { MinLevel = level });

    private sealed class Provider(TextWriter writer) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Lines(writer, categoryName.Split('.')[^1]);

        public void Dispose() => writer.Flush();
    }

    private sealed class Lines(TextWriter writer, string source) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var cause = exception is null ? "" : $" {exception.GetType().Name}: {exception.Message}";
            writer.WriteLine($"{logLevel.ToString().ToLowerInvariant()} {source}: {formatter(state, exception)}{cause}");
        }
    }
}
