namespace Sluice.Schedule;

/// <summary>Every bound of the schedule, and where its number comes from.</summary>
public static class ScheduleLimits
{
    /// <summary>Tasks of one DAG: ten times the largest pipelines in everyday use, and still decided in well under a millisecond.</summary>
    public const int TasksPerDag = 1_000;

    /// <summary>Retries of one task: a task that fails this often has a fault that waiting does not mend.</summary>
    public const int Retries = 100;

    /// <summary>Bytes of a task's JSON output. An output names what was made (a table version, counts); rows belong in tables.</summary>
    public const int OutputBytes = 16 * 1024;

    /// <summary>Characters of an error kept with a task: a message and its causes; the log has the stack trace.</summary>
    public const int ErrorCharacters = 4_096;

    /// <summary>
    /// Times a task may be cut off by the end of its process before it counts as failed. Well above what restarts do by
    /// chance, so that only a task that brings the process down itself reaches it.
    /// </summary>
    public const int Interruptions = 25;

    /// <summary>Runs created by one tick: catching up on years of hourly intervals must not hold the store's writer for long.</summary>
    public const int RunsPerTick = 100;

    /// <summary>Tasks of one run that execute at once: an analytical query uses every core by itself, so more only costs memory.</summary>
    public const int ParallelTasks = 4;

    /// <summary>Longest pause between two looks at the clock: notices a changed wall clock or a resumed laptop soon enough.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(5);

    /// <summary>Tick intervals without a tick after which the watchdog speaks up: a full minute.</summary>
    public const int SilentTicks = 12;

    /// <summary>How long a writer waits for a reader's checkpoint lock before it gives up.</summary>
    public const int BusyTimeoutMs = 10_000;
}
