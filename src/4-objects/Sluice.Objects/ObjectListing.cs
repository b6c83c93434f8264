namespace Sluice.Objects;

/// <summary>
/// Keys below a directory in the order of their UTF-8 bytes. The order of directory entries is not that order: the key
/// <c>a/b</c> comes after <c>a-b</c> and <c>a.b</c>, since '/' is after '-' and '.'; so a folder sorts as its name with '/'.
/// </summary>
internal sealed class ObjectListing(ObjectDirectory directory, string prefix, string? startAfter)
{
    public IEnumerable<string> Keys()
    {
        var slash = prefix.LastIndexOf('/');
        var folder = slash < 0 ? "" : prefix[..(slash + 1)];
        // A prefix that could not be a key's beginning, such as "../", finds nothing.
        if (folder.Length > 0 && !IsFolderKey(folder)) return [];
        return KeysIn(folder);
    }

    private static bool IsFolderKey(string folder)
    {
        foreach (var segment in folder.AsSpan(0, folder.Length - 1).Split('/'))
        {
            if (folder.AsSpan()[segment] is "" or "." or "..") return false;
        }

        return !folder.AsSpan().ContainsAny('\0', '\\');
    }

    /// <summary>Keys in a folder, given as "" or with its '/'; one open list of names per level.</summary>
    private IEnumerable<string> KeysIn(string folder)
    {
        foreach (var name in NamesIn(folder))
        {
            if (name[^1] != '/')
            {
                yield return name;
                continue;
            }

            foreach (var key in KeysIn(name)) yield return key;
        }
    }

    private List<string> NamesIn(string folder)
    {
        var path = Path.Combine(directory.Root, folder);
        var names = new List<string>();
        foreach (var file in directory.Files.ListFiles(path))
        {
            var key = folder + file;
            if (key.StartsWith(prefix, StringComparison.Ordinal) && IsAfterStart(key)) names.Add(key);
        }

        foreach (var child in directory.Files.ListDirectories(path))
        {
            var key = folder + child + "/";
            if (key != ObjectDirectory.UploadsName + "/" && MayHoldPrefix(key) && MayHoldAfterStart(key)) names.Add(key);
        }

        names.Sort((left, right) => ObjectKey.Compare(left, right));
        return names;
    }

    private bool MayHoldPrefix(string folder) =>
        folder.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(folder, StringComparison.Ordinal);

    private bool IsAfterStart(string key) => startAfter is null || ObjectKey.Compare(key, startAfter) > 0;

    private bool MayHoldAfterStart(string folder) =>
        startAfter is null || ObjectKey.Compare(folder, startAfter) > 0 || startAfter.StartsWith(folder, StringComparison.Ordinal);
}
