namespace Sluice.Tables;

/// <summary>Files that must stay, against which the names of a listing are held.</summary>
/// <remarks>
/// A log may name a file of the table by an absolute path, which has many spellings: through links, by other schemes, or of the place where
/// the table was before it was moved. So such a path keeps every file of the table whose own path is its end.
/// </remarks>
internal sealed class PathsInUse
{
    private readonly HashSet<string> _relative = new(StringComparer.Ordinal);

    /// <summary>By the name of the file.</summary>
    private readonly Dictionary<string, List<string>> _absolute = new(StringComparer.Ordinal);

    public void Add(string canonical)
    {
        if (!DataPath.IsAbsolute(canonical))
        {
            _relative.Add(canonical);
            return;
        }

        var name = FileName(canonical);
        if (_absolute.TryGetValue(name, out var same)) same.Add(canonical);
        else _absolute[name] = [canonical];
    }

    /// <summary>Adds a file and that of its deletion vector.</summary>
    public void Add(string path, DeletionVector? vector)
    {
        Add(DataPath.Canonical(path));
        if (vector is not null && !DeletionVectorFormat.IsInline(vector)) Add(DeletionVectorFormat.FilePath(vector));
    }

    /// <summary>Whether a file must stay.</summary>
    /// <param name="path">Decoded, relative to the table.</param>
    public bool Contains(string path) =>
        _relative.Contains(path)
        || (_absolute.TryGetValue(FileName(path), out var same) && same.Exists(absolute => absolute.EndsWith("/" + path, StringComparison.Ordinal)));

    private static string FileName(string path) => path[(path.LastIndexOf('/') + 1)..];
}
