namespace Sluice.Schedule;

/// <summary>Order of the tasks of a DAG by dependency.</summary>
internal static class TaskOrder
{
    /// <summary>Every task after those it depends on; among equals, in the order given. The DAG has no cycle.</summary>
    public static IReadOnlyList<TaskSpec> Sort(IReadOnlyList<TaskSpec> tasks)
    {
        var byName = tasks.ToDictionary(task => task.Name);
        var sorted = new List<TaskSpec>(tasks.Count);
        var seen = new HashSet<string>();
        // Depth first with an explicit stack: a chain of a thousand tasks is legal.
        foreach (var root in tasks)
        {
            var stack = new Stack<(TaskSpec Task, bool Done)>([(root, false)]);
            while (stack.TryPop(out var entry))
            {
                if (entry.Done)
                {
                    sorted.Add(entry.Task);
                    continue;
                }
                if (!seen.Add(entry.Task.Name))
                    continue;
                stack.Push((entry.Task, true));
                foreach (var name in entry.Task.DependsOn.Reverse().Where(name => !seen.Contains(name)))
                    stack.Push((byName[name], false));
            }
        }
        return sorted;
    }

    /// <summary>The names along one cycle, the first repeated at the end; null when there is none.</summary>
    public static IReadOnlyList<string>? FindCycle(IReadOnlyList<TaskSpec> tasks)
    {
        var left = tasks.DistinctBy(task => task.Name).ToDictionary(task => task.Name, task => task.DependsOn);
        // Peel off what depends on nothing that is left; what cannot be peeled lies on a cycle or behind one.
        while (left.Where(pair => !pair.Value.Any(left.ContainsKey)).Select(pair => pair.Key).ToList() is { Count: > 0 } free)
        {
            foreach (var name in free)
                left.Remove(name);
        }
        if (left.Count == 0)
            return null;
        var path = new List<string> { left.Keys.First() };
        while (true)
        {
            var next = left[path[^1]].First(left.ContainsKey);
            var start = path.IndexOf(next);
            path.Add(next);
            if (start >= 0)
                return path[start..];
        }
    }
}
