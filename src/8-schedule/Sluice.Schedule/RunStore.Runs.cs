using System.Globalization;

namespace Sluice.Schedule;

/// <content>What the scheduler records and asks.</content>
public sealed partial class RunStore
{
    /// <summary>
    /// Notes when a DAG is first seen, and says up to where its intervals have runs (null: none yet). What was noted by a clock that was
    /// ahead, or behind, and has been corrected since does not count: the newest run of the schedule whose interval has ended does.
    /// </summary>
    internal (DateTimeOffset FirstSeen, DateTimeOffset? NextInterval) Register(string dag, DateTimeOffset now) => Write("register " + dag, () =>
    {
        Execute("""
            INSERT INTO dag (name, first_seen) VALUES ($dag, $now)
            ON CONFLICT DO UPDATE SET first_seen = excluded.first_seen WHERE first_seen > excluded.first_seen
            """, ("$dag", dag), ("$now", Ms(now)));
        using var command = Command("""
            SELECT first_seen, next_interval, (
              SELECT interval_end FROM run WHERE dag = $dag AND trigger = $schedule AND interval_end <= $now ORDER BY logical_date DESC LIMIT 1)
            FROM dag WHERE name = $dag
            """, ("$dag", dag), ("$schedule", RunTrigger.Schedule.ToText()), ("$now", Ms(now)));
        using var row = command.ExecuteReader();
        row.Read();
        var (next, ran) = (RunRows.Instant(row, 1), RunRows.Instant(row, 2));
        return (RunRows.Instant(row, 0)!.Value, next > now || ran > next ? ran : next);
    });

    /// <summary>
    /// Creates the run of an interval and moves on to the next, at once: no interval gets two runs or none. A run that was
    /// started by hand for the same logical date stands for the interval.
    /// </summary>
    internal void CreateScheduled(DagSpec dag, DataInterval interval, DateTimeOffset now) => Write("schedule " + dag.Name, () =>
    {
        Insert(dag, interval.Start, interval, RunTrigger.Schedule, now);
        return Execute("UPDATE dag SET next_interval = $next WHERE name = $dag", ("$dag", dag.Name), ("$next", Ms(interval.End)));
    });

    /// <summary>
    /// The run for a logical date, ready to execute: created when there is none, its failed tasks cleared when it failed.
    /// Tasks that succeeded stay as they are.
    /// </summary>
    internal DagRun Request(DagSpec dag, DateTimeOffset logicalDate, DataInterval interval, RunTrigger trigger, DateTimeOffset now) =>
        Write("request " + dag.Name, () =>
        {
            Insert(dag, logicalDate, interval, trigger, now);
            var run = Find(dag.Name, logicalDate)!;
            if (run.State == RunState.Failed)
            {
                Execute("""
                    UPDATE task SET state = 'none', failures = 0, interruptions = 0, next_try_at = NULL, error = NULL
                    WHERE run_id = $run AND state NOT IN ('success', 'skipped')
                    """, ("$run", run.Id));
                Execute("UPDATE run SET state = 'queued', ended_at = NULL WHERE id = $run", ("$run", run.Id));
            }
            return Find(dag.Name, logicalDate)!;
        });

    /// <summary>
    /// Makes an unfinished run ready to execute. It is fitted to the DAG as it is: tasks new to it are added, unfinished ones
    /// that it has dropped are skipped, finished ones stay. Tasks found running have lost their process: they are tried again
    /// without counting as failed, up to a limit that only a task reaches which brings the process down itself.
    /// </summary>
    /// <param name="runId">A run that nothing in this process executes.</param>
    /// <param name="dag">Its DAG.</param>
    /// <param name="now">The time.</param>
    /// <param name="recovered">Names of the tasks that had lost their process.</param>
    internal DagRun Begin(long runId, DagSpec dag, DateTimeOffset now, out IReadOnlyList<string> recovered)
    {
        var names = new List<string>();
        recovered = names;
        return Write("begin run", () =>
        {
            InsertTasks(runId, dag);
            var known = dag.Tasks.Select(task => task.Name).ToHashSet();
            foreach (var task in RunRows.Tasks(_connection, runId).Where(task => !task.State.IsFinished()))
            {
                if (!known.Contains(task.Task))
                {
                    Apply(runId, new(task, task with { State = TaskState.Skipped, EndedAt = now, Error = "the DAG has no such task any more" }));
                }
                else if (task.State == TaskState.Running)
                {
                    names.Add(task.Task);
                    Apply(runId, new(task, RunDecisions.Orphaned(task, now)));
                }
            }
            Execute("UPDATE run SET state = 'running', started_at = coalesce(started_at, $now) WHERE id = $run AND state = 'queued'",
                ("$run", runId), ("$now", Ms(now)));
            return Find(runId)!;
        });
    }

    /// <summary>Records transitions of one run, all or none.</summary>
    /// <exception cref="StaleOwnerException">A task is not as it was: someone else has changed it.</exception>
    internal void Apply(long runId, IReadOnlyList<TaskChange> changes, string what) => Write(what, () =>
    {
        foreach (var change in changes)
            Apply(runId, change);
        return changes.Count;
    });

    /// <summary>Records the last transitions of a run together with its end.</summary>
    internal void Finish(long runId, RunState state, DateTimeOffset now) => Write("finish run", () =>
        Execute("UPDATE run SET state = $state, ended_at = $now WHERE id = $run",
            ("$run", runId), ("$state", state.ToText()), ("$now", Ms(now))));

    internal DagRun? Find(long runId) => Read(() => RunRows.One(_connection, "id = $run", ("$run", runId)));

    internal DagRun? Find(string dag, DateTimeOffset logicalDate) => Read(() =>
        RunRows.One(_connection, "dag = $dag AND logical_date = $date", ("$dag", dag), ("$date", Ms(logicalDate))));

    /// <summary>The run with the next smaller logical date, whatever triggered it.</summary>
    internal DagRun? Before(string dag, DateTimeOffset logicalDate) => Read(() =>
        RunRows.One(_connection, "dag = $dag AND logical_date < $date ORDER BY logical_date DESC LIMIT 1", ("$dag", dag), ("$date", Ms(logicalDate))));

    /// <summary>Ids of the unfinished runs of a DAG, oldest logical date first.</summary>
    internal IReadOnlyList<long> Unfinished(string dag) => Read(() =>
    {
        using var command = Command(
            "SELECT id FROM run WHERE dag = $dag AND state IN ('queued', 'running') ORDER BY logical_date", ("$dag", dag));
        using var rows = command.ExecuteReader();
        var ids = new List<long>();
        while (rows.Read())
            ids.Add(rows.GetInt64(0));
        return ids;
    });

    private void Apply(long runId, TaskChange change)
    {
        var after = change.After;
        var changed = Execute("""
            UPDATE task SET state = $state, try_number = $try, failures = $failures, interruptions = $interruptions,
              started_at = $started, ended_at = $ended, next_try_at = $next, owner = $owner, fence = $fence, error = $error, output = $output
            WHERE run_id = $run AND task = $task AND state = $was_state AND try_number = $was_try AND fence = $was_fence
            """,
            ("$state", after.State.ToText()), ("$try", after.TryNumber), ("$failures", after.Failures),
            ("$interruptions", after.Interruptions), ("$started", Ms(after.StartedAt)), ("$ended", Ms(after.EndedAt)),
            ("$next", Ms(after.NextTryAt)), ("$owner", after.Owner),
            ("$fence", after.Fence), ("$error", after.Error), ("$output", after.Output),
            ("$run", runId), ("$task", after.Task), ("$was_state", change.Before.State.ToText()),
            ("$was_try", change.Before.TryNumber), ("$was_fence", change.Before.Fence));
        if (changed != 1)
        {
            throw new StaleOwnerException(string.Create(CultureInfo.InvariantCulture,
                $"Task {after.Task} of run {runId} is not {change.Before.State.ToText()} under fence {change.Before.Fence} any more: "
                + $"another owner has taken it."));
        }
    }

    private void Insert(DagSpec dag, DateTimeOffset logicalDate, DataInterval interval, RunTrigger trigger, DateTimeOffset now)
    {
        var created = Execute("""
            INSERT INTO run (dag, logical_date, interval_start, interval_end, trigger, state, created_at)
            VALUES ($dag, $date, $start, $end, $trigger, 'queued', $now) ON CONFLICT DO NOTHING
            """,
            ("$dag", dag.Name), ("$date", Ms(logicalDate)), ("$start", Ms(interval.Start)), ("$end", Ms(interval.End)),
            ("$trigger", trigger.ToText()), ("$now", Ms(now)));
        if (created == 1)
            InsertTasks(Find(dag.Name, logicalDate)!.Id, dag);
    }

    private void InsertTasks(long runId, DagSpec dag)
    {
        var order = TaskOrder.Sort(dag.Tasks);
        for (var i = 0; i < order.Count; i++)
        {
            Execute("""
                INSERT INTO task (run_id, task, ordinal, state, try_number, failures, interruptions, fence)
                VALUES ($run, $task, $ordinal, 'none', 0, 0, 0, 0) ON CONFLICT DO UPDATE SET ordinal = excluded.ordinal
                WHERE ordinal <> excluded.ordinal
                """, ("$run", runId), ("$task", order[i].Name), ("$ordinal", i));
        }
    }
}
