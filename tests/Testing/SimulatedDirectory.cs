namespace Sluice.Testing;

/// <summary>Names as programs see them and as they are on disk; changes between two syncs reach the disk in order, but maybe not all.</summary>
internal sealed class SimulatedDirectory
{
    private readonly List<(string Name, object? Node)[]> _unsynced = [];
    private readonly Dictionary<string, object> _onDisk = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, object> _names = new(StringComparer.Ordinal);

    public object? Find(string name) => _names.GetValueOrDefault(name);

    public string[] Names(Func<object, bool> wanted) => [.. _names.Where(n => wanted(n.Value)).Select(n => n.Key)];

    /// <summary>One atomic change: each name gets its node, or goes where that is null.</summary>
    public void Bind(params (string Name, object? Node)[] change)
    {
        Apply(_names, change);
        _unsynced.Add(change);
    }

    public void Sync()
    {
        foreach (var change in _unsynced) Apply(_onDisk, change);
        _unsynced.Clear();
    }

    public void LosePower(Random random)
    {
        foreach (var change in _unsynced.Take(random.Next(_unsynced.Count + 1))) Apply(_onDisk, change);
        _unsynced.Clear();
        _names.Clear();
        foreach (var (name, node) in _onDisk) _names.Add(name, node);
    }

    private static void Apply(IDictionary<string, object> names, (string Name, object? Node)[] change)
    {
        foreach (var (name, node) in change)
        {
            if (node is null) names.Remove(name);
            else names[name] = node;
        }
    }
}
