namespace Sluice.Definition;

/// <summary>The tasks of a pipeline, each after those it depends on: first the cleans, then the questions by what they read.</summary>
public sealed record PipelineDag(IReadOnlyList<DagTask> Tasks)
{
    /// <summary>
    /// Orders the tasks. Of several possible orders it takes that of the file. Questions that wait for each other in a circle
    /// have no order; they are returned as <paramref name="circle"/> and left out.
    /// </summary>
    internal static PipelineDag Of(
        IReadOnlyList<Dataset> datasets, IReadOnlyList<Question> questions, out IReadOnlyList<Question> circle)
    {
        var tasks = datasets.Select(d => new DagTask($"clean.{d.Name}", DagTaskKind.Clean, d.Name, [])).ToList();
        var open = questions.ToList();
        while (open.Find(q => !open.Exists(o => q.Sql.Reads.Contains(o.Name))) is { } next)
        {
            open.Remove(next);
            var sources = tasks.Where(t => next.Sql.Reads.Contains(t.Subject)).Select(t => t.Name);
            tasks.Add(new DagTask($"analyse.{next.Name}", DagTaskKind.Analyse, next.Name, [.. sources]));
        }

        circle = open;
        return new PipelineDag(tasks);
    }
}

/// <summary>One task of the DAG.</summary>
/// <param name="Name">Unique within the DAG, e.g. "clean.pin", "analyse.category_by_country".</param>
/// <param name="Kind">What it does.</param>
/// <param name="Subject">The dataset it cleans or the question it answers.</param>
/// <param name="DependsOn">Names of the tasks that must have succeeded before.</param>
public sealed record DagTask(string Name, DagTaskKind Kind, string Subject, IReadOnlyList<string> DependsOn);

public enum DagTaskKind
{
    /// <summary>Cleans the new records of a dataset.</summary>
    Clean,

    /// <summary>Answers a question.</summary>
    Analyse,
}
