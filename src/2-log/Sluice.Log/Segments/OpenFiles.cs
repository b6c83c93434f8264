using Sluice.Bytes;

namespace Sluice.Log.Segments;

/// <summary>Files open for reading, shared by all readers, the least recently used closed when there are too many.</summary>
internal sealed class OpenFiles(IFileSystem files, int openMax) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byPath = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _recentFirst = new();

    /// <summary>The file, until the lease is disposed.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public Lease Rent(string path)
    {
        lock (_lock)
        {
            if (_byPath.TryGetValue(path, out var node)) _recentFirst.Remove(node);
            else _byPath.Add(path, node = new LinkedListNode<Entry>(new Entry(path, files.Open(path, FileOpen.Read))));
            _recentFirst.AddFirst(node);
            node.Value.Leases++;
            CloseSurplus();
            return new Lease(this, node.Value);
        }
    }

    /// <summary>Closes the file of a path that is going away, as soon as no lease holds it.</summary>
    public void Forget(string path)
    {
        lock (_lock)
        {
            if (!_byPath.Remove(path, out var node)) return;
            _recentFirst.Remove(node);
            node.Value.Forgotten = true;
            if (node.Value.Leases == 0) node.Value.File.Dispose();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var path in _byPath.Keys.ToArray()) Forget(path);
        }
    }

    private void CloseSurplus()
    {
        for (var node = _recentFirst.Last; node is not null && _recentFirst.Count > openMax;)
        {
            var newer = node.Previous;
            if (node.Value.Leases == 0) Forget(node.Value.Path);
            node = newer;
        }
    }

    private void Return(Entry entry)
    {
        lock (_lock)
        {
            entry.Leases--;
            if (entry.Leases == 0 && entry.Forgotten) entry.File.Dispose();
        }
    }

    internal readonly struct Lease(OpenFiles owner, Entry entry) : IDisposable
    {
        public IFile File => entry.File;

        public void Dispose() => owner.Return(entry);
    }

    internal sealed class Entry(string path, IFile file)
    {
        public string Path => path;

        public IFile File => file;

        public int Leases { get; set; }

        public bool Forgotten { get; set; }
    }
}
