using Microsoft.Extensions.Logging;

namespace Sluice.Schedule;

/// <summary>What the schedule logs, by event id.</summary>
internal static partial class ScheduleLog
{
    [LoggerMessage(8001, LogLevel.Information, "{Dag}: run of {LogicalDate:u} is due")]
    public static partial void RunDue(ILogger logger, string dag, DateTimeOffset logicalDate);

    [LoggerMessage(8002, LogLevel.Information, "{Dag}: run of {LogicalDate:u} ended: {State}")]
    public static partial void RunEnded(ILogger logger, string dag, DateTimeOffset logicalDate, string state);

    [LoggerMessage(8003, LogLevel.Warning, "{Dag}: run of {LogicalDate:u} is held: {Held}")]
    public static partial void RunHeld(ILogger logger, string dag, DateTimeOffset logicalDate, string held);

    [LoggerMessage(8004, LogLevel.Warning, "{Dag}.{Task} of {LogicalDate:u} was running when its process ended, and is tried again")]
    public static partial void TaskRecovered(ILogger logger, string dag, string task, DateTimeOffset logicalDate);

    [LoggerMessage(8005, LogLevel.Debug, "{Dag}.{Task} of {LogicalDate:u}: try {TryNumber}")]
    public static partial void TaskStarted(ILogger logger, string dag, string task, DateTimeOffset logicalDate, int tryNumber);

    [LoggerMessage(8006, LogLevel.Information, "{Dag}.{Task} of {LogicalDate:u}: {State} {Error}")]
    public static partial void TaskEnded(
        ILogger logger, string dag, string task, DateTimeOffset logicalDate, string state, string? error);

    [LoggerMessage(8007, LogLevel.Error, "{Dag}.{Task} of {LogicalDate:u} threw in try {TryNumber}")]
    public static partial void TaskThrew(
        ILogger logger, Exception cause, string dag, string task, DateTimeOffset logicalDate, int tryNumber);

    [LoggerMessage(8008, LogLevel.Error,
        "The scheduler has not looked at the clock for {Silence}: no run starts until it does. Restart the process if this stays")]
    public static partial void Silent(ILogger logger, TimeSpan silence);

    [LoggerMessage(8009, LogLevel.Information, "The scheduler is back after a silence")]
    public static partial void Recovered(ILogger logger);
}
