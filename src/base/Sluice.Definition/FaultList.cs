namespace Sluice.Definition;

/// <summary>Gathers the faults of a pipeline folder, so that a person sees them all at once.</summary>
internal sealed class FaultList
{
    private readonly List<Fault> _faults = [];

    public int Count => _faults.Count;

    public void Add(string file, int line, string message) => _faults.Add(new Fault(file, line, message));

    /// <summary>By file in the order they were first met, then by line.</summary>
    public IReadOnlyList<Fault> InOrder()
    {
        var files = _faults.Select(f => f.File).Distinct().ToList();
        return [.. _faults.OrderBy(f => files.IndexOf(f.File)).ThenBy(f => f.Line)];
    }
}
