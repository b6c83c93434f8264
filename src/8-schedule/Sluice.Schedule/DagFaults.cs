using System.Text.RegularExpressions;
using Cronos;

namespace Sluice.Schedule;

/// <summary>Checks a DAG and collects every fault, so that one look mends them all.</summary>
internal static partial class DagFaults
{
    public static IReadOnlyList<string> Of(DagSpec dag)
    {
        var faults = new List<string>();
        CheckNames(dag, faults);
        CheckDependencies(dag, faults);
        CheckSchedule(dag, faults);
        CheckRetries(dag, faults);
        return faults;
    }

    private static void CheckNames(DagSpec dag, List<string> faults)
    {
        if (!Name().IsMatch(dag.Name))
            faults.Add($"The DAG name '{dag.Name}' is not usable: take letters, digits, '_', '-' and '.'.");
        if (dag.Tasks.Count == 0)
            faults.Add($"DAG {dag.Name} has no task: give it one.");
        if (dag.Tasks.Count > ScheduleLimits.TasksPerDag)
            faults.Add($"DAG {dag.Name} has {dag.Tasks.Count} tasks, limit {ScheduleLimits.TasksPerDag}: split it.");
        foreach (var task in dag.Tasks.Where(task => !Name().IsMatch(task.Name)))
            faults.Add($"The task name '{task.Name}' of DAG {dag.Name} is not usable: take letters, digits, '_', '-' and '.'.");
        foreach (var name in dag.Tasks.CountBy(task => task.Name).Where(pair => pair.Value > 1).Select(pair => pair.Key))
            faults.Add($"DAG {dag.Name} has several tasks called {name}: names are unique.");
    }

    private static void CheckDependencies(DagSpec dag, List<string> faults)
    {
        var names = dag.Tasks.Select(task => task.Name).ToHashSet();
        foreach (var task in dag.Tasks)
        {
            foreach (var unknown in task.DependsOn.Where(name => !names.Contains(name)))
                faults.Add($"Task {task.Name} of DAG {dag.Name} depends on {unknown}, which is no task of it: add it or drop the dependency.");
        }
        if (TaskOrder.FindCycle(dag.Tasks) is { } cycle)
            faults.Add($"The tasks of DAG {dag.Name} wait for each other: {string.Join(" -> ", cycle)}. Drop one of these dependencies.");
    }

    private static void CheckSchedule(DagSpec dag, List<string> faults)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(dag.TimeZone, out var zone))
        {
            faults.Add($"DAG {dag.Name} has the time zone '{dag.TimeZone}', which this machine does not know: "
                + "take an IANA name such as Europe/London, and see that the package tzdata is installed.");
        }
        if (dag.Schedule is null)
            return;
        if (!Cadence.TryParse(dag.Schedule, out var cron, out var reason))
        {
            faults.Add($"DAG {dag.Name} has the schedule '{dag.Schedule}', which is not cron: {reason} "
                + "Take five fields or @daily, @hourly, @weekly, @monthly.");
        }
        else if (cron.GetNextOccurrence(DateTimeOffset.UnixEpoch, zone ?? TimeZoneInfo.Utc) is null)
            faults.Add($"DAG {dag.Name} has the schedule '{dag.Schedule}', which never comes: take a date that exists.");
    }

    private static void CheckRetries(DagSpec dag, List<string> faults)
    {
        if (dag.Retries is < 0 or > ScheduleLimits.Retries)
            faults.Add($"DAG {dag.Name} has {dag.Retries} retries: take 0 to {ScheduleLimits.Retries}.");
        if (dag.RetryDelay < TimeSpan.Zero || dag.RetryDelay > TimeSpan.FromDays(31))
            faults.Add($"DAG {dag.Name} has a retry delay of {dag.RetryDelay}: take 0 to 31 days.");
    }

    [GeneratedRegex("^[A-Za-z0-9_.-]{1,200}$")]
    private static partial Regex Name();
}
