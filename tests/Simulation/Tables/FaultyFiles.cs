using Sluice.Bytes;

namespace Sluice.Simulation.Tables;

internal enum FileFault
{
    /// <summary>The operation fails, and those after it do not.</summary>
    Fails,

    /// <summary>The operation is not done, nor any after it, and what was not synced is lost.</summary>
    PowerGoes,
}

/// <summary>
/// The real file system, with a fault at one operation. When the power goes, names that their directory's sync has not made durable are
/// undone, and half of a file's content that was not synced is gone.
/// </summary>
/// <param name="undo">A directory on the same file system, for what may have to come back.</param>
internal sealed class FaultyFiles(IFileSystem real, FileFault kind, int at, string undo) : IFileSystem
{
    private readonly Lock _lock = new();
    private readonly List<(string Directory, Action Undo)> _names = [];
    private readonly HashSet<string> _dirty = [];
    private bool _gone;

    /// <summary>Operations so far.</summary>
    public int Count { get; private set; }

    /// <summary>A disk that says it has synced a file's content, and has not.</summary>
    public bool IgnoresSyncs { get; init; }

    /// <summary>The power is back: what was not synced is lost.</summary>
    public void Recover()
    {
        if (!_gone) return;
        foreach (var path in _dirty.Where(File.Exists))
        {
            using var file = real.Open(path, FileOpen.ReadWrite);
            file.SetLength(file.Length / 2);
        }

        for (var i = _names.Count - 1; i >= 0; i--) _names[i].Undo();
        _names.Clear();
        _dirty.Clear();
    }

    public IFile Open(string path, FileOpen mode)
    {
        Act();
        var file = real.Open(path, mode);
        if (mode == FileOpen.Read) return new FaultyFile(this, file, path);
        lock (_lock) _dirty.Add(path);
        return new FaultyFile(this, file, path);
    }

    public bool FileExists(string path) => Live().FileExists(path);

    public FileStat? Stat(string path) => Live().Stat(path);

    public void CreateDirectory(string path)
    {
        if (Directory.Exists(path)) return;
        Act();
        real.CreateDirectory(path);
    }

    public IReadOnlyList<string> ListFiles(string directory) => Live().ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => Live().ListDirectories(directory);

    public void Delete(string path)
    {
        if (!FileExists(path)) return;
        Act();
        var kept = Keep(path);
        real.Delete(path);
        Note(path, () => real.Replace(kept, path));
    }

    public void DeleteDirectory(string path) => throw new NotSupportedException("tables delete no directories");

    public void Replace(string source, string target)
    {
        Act();
        var kept = real.FileExists(target) ? Keep(target) : null;
        real.Replace(source, target);
        lock (_lock)
        {
            if (_dirty.Remove(source)) _dirty.Add(target);
        }

        Note(target, () =>
        {
            // The folder of a file in the making may be gone by then.
            if (Directory.Exists(Path.GetDirectoryName(source))) real.Replace(target, source);
            else real.Delete(target);
            if (kept is not null) real.Replace(kept, target);
        });
    }

    public bool Link(string source, string target)
    {
        Act();
        if (!real.Link(source, target)) return false;
        lock (_lock)
        {
            if (_dirty.Contains(source)) _dirty.Add(target);
        }

        Note(target, () => real.Delete(target));
        return true;
    }

    public void SyncDirectory(string path)
    {
        Act();
        lock (_lock) _names.RemoveAll(n => n.Directory == path);
    }

    private void Synced(string path)
    {
        if (IgnoresSyncs) return;
        lock (_lock) _dirty.Remove(path);
    }

    private IFileSystem Live() => _gone ? throw new IOException("The power is off.") : real;

    private void Act(Action? half = null)
    {
        lock (_lock)
        {
            Live();
            if (Count++ != at) return;
            _gone = kind == FileFault.PowerGoes;
        }

        half?.Invoke();
        throw new IOException(_gone ? "The power went." : "The disk failed.");
    }

    private string Keep(string path)
    {
        Directory.CreateDirectory(undo);
        var kept = Path.Combine(undo, $"{Guid.NewGuid():N}");
        real.Link(path, kept);
        return kept;
    }

    private void Note(string path, Action action)
    {
        lock (_lock) _names.Add((Path.GetDirectoryName(path)!, action));
    }

    private sealed class FaultyFile(FaultyFiles files, IFile real, string path) : IFile
    {
        public long Length => real.Length;

        public int Read(Span<byte> buffer, long position)
        {
            files.Act();
            return real.Read(buffer, position);
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            var half = bytes[..(bytes.Length / 2)].ToArray();
            files.Act(() => real.Write(half, position));
            real.Write(bytes, position);
        }

        public void Sync()
        {
            files.Act();
            files.Synced(path);
        }

        public void SetLength(long length)
        {
            files.Act();
            real.SetLength(length);
        }

        public void Dispose() => real.Dispose();
    }
}
