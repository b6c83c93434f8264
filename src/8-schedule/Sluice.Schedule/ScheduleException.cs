namespace Sluice.Schedule;

/// <summary>A request the schedule cannot carry out as asked: the message names the thing, the reason and the remedy.</summary>
public sealed class ScheduleException(string message) : Exception(message);

/// <summary>Another process has taken over the schedule; nothing this one still wants to record is accepted.</summary>
public sealed class StaleOwnerException(string message) : Exception(message);
