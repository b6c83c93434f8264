namespace Sluice.Schedule;

/// <summary>How far a requested run came.</summary>
/// <param name="Run">The run with its tasks. It is unfinished only when tasks are held back.</param>
/// <param name="AlreadyDone">The run had succeeded before, and nothing was executed.</param>
/// <param name="Held">For each task that waits for the run before: its name and what it waits for.</param>
public sealed record RunResult(DagRun Run, bool AlreadyDone, IReadOnlyList<string> Held);
