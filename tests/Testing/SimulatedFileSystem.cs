using Sluice.Bytes;

namespace Sluice.Testing;

/// <summary>
/// A disk in memory that behaves as badly as a real one may. Bytes and names that were not synced may or may not survive a loss of
/// power, in any order; the power may go in the middle of an operation; writes and syncs fail when told, and a failed sync
/// forgets the bytes for good while they can still be read, as Linux does.
/// </summary>
/// <remarks>Everything is decided by the seed and the order of calls, so a history can be played again.</remarks>
public sealed class SimulatedFileSystem : IFileSystem
{
    private readonly Lock _lock = new();
    private readonly Random _random;
    private readonly SimulatedDirectory _root = new();
    // In the order of their creation, so that what survives does not depend on names.
    private readonly List<SimulatedDirectory> _directories = [];
    private readonly List<SimulatedInode> _inodes = [];
    private readonly int _sectorBytes;

    public SimulatedFileSystem(int seed)
    {
        _random = new Random(seed);
        _sectorBytes = 32 << _random.Next(0, 8);
        _directories.Add(_root);
    }

    /// <summary>The power goes in the middle of the operation after this many; null for never.</summary>
    public int? PowerLossIn { get; set; }

    /// <summary>Share of writes and syncs that fail.</summary>
    public double FailureRate { get; set; }

    /// <summary>What the disk claims to have done without doing it; for proving that a test notices.</summary>
    public SimulatedLie Lie { get; set; }

    /// <summary>After the power went, every operation fails until <see cref="Restart"/>.</summary>
    public bool PowerIsOff { get; private set; }

    /// <summary>Counts restarts; files opened before one are void.</summary>
    internal int Epoch { get; private set; }

    /// <summary>Cuts the power if it is still on, decides what survives, and turns it on again.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            foreach (var inode in _inodes) inode.LosePower(_random);
            foreach (var directory in _directories) directory.LosePower(_random);
            Epoch++;
            PowerIsOff = false;
            PowerLossIn = null;
        }
    }

    public IFile Open(string path, FileOpen mode) => Operate(_ =>
    {
        var (directory, name) = Parent(path);
        var node = directory.Find(name);
        if (node is SimulatedDirectory) throw new IOException($"{path} is a directory");
        if (node is null && (mode is FileOpen.Read or FileOpen.ReadWrite)) throw new FileNotFoundException("No such file", path);
        if (node is not null && mode == FileOpen.CreateNew) throw new IOException($"{path} exists");
        if (node is null)
        {
            var inode = new SimulatedInode(_sectorBytes);
            _inodes.Add(inode);
            directory.Bind((name, inode));
            node = inode;
        }

        return new SimulatedFile(this, (SimulatedInode)node, Epoch);
    });

    public bool FileExists(string path) => Operate(_ => TryParent(path, out var directory, out var name) && directory.Find(name) is SimulatedInode);

    public void CreateDirectory(string path) => Operate(_ =>
    {
        var at = _root;
        foreach (var name in Parts(path))
        {
            if (at.Find(name) is not SimulatedDirectory next)
            {
                next = new SimulatedDirectory();
                _directories.Add(next);
                at.Bind((name, next));
                at.Sync();
            }

            at = next;
        }

        return 0;
    });

    public IReadOnlyList<string> ListFiles(string directory) =>
        Operate(_ => (Find(directory) as SimulatedDirectory)?.Names(node => node is SimulatedInode) ?? []);

    public IReadOnlyList<string> ListDirectories(string directory) =>
        Operate(_ => (Find(directory) as SimulatedDirectory)?.Names(node => node is SimulatedDirectory) ?? []);

    public void Delete(string path) => Operate(_ =>
    {
        if (TryParent(path, out var directory, out var name) && directory.Find(name) is SimulatedInode) directory.Bind((name, null));
        return 0;
    });

    public void DeleteDirectory(string path) => Operate(_ =>
    {
        if (TryParent(path, out var directory, out var name) && directory.Find(name) is SimulatedDirectory) directory.Bind((name, null));
        return 0;
    });

    public void Replace(string source, string target) => Operate(_ =>
    {
        var (from, fromName) = Parent(source);
        var (to, toName) = Parent(target);
        var node = from.Find(fromName) ?? throw new FileNotFoundException("No such file", source);
        if (from == to)
        {
            from.Bind((fromName, null), (toName, node));
            return 0;
        }

        // Between directories the two names are synced apart, so either may survive alone.
        to.Bind((toName, node));
        from.Bind((fromName, null));
        return 0;
    });

    public bool Link(string source, string target) => Operate(_ =>
    {
        var node = Find(source) ?? throw new FileNotFoundException("No such file", source);
        var (to, toName) = Parent(target);
        if (to.Find(toName) is not null) return false;
        to.Bind((toName, node));
        return true;
    });

    public void SyncDirectory(string path) => Operate(_ =>
    {
        MayFail("fsync of a directory");
        if (!Lie.HasFlag(SimulatedLie.SyncDirectory)) ((SimulatedDirectory)Find(path)!).Sync();
        return 0;
    });

    internal void Write(SimulatedInode inode, ReadOnlySpan<byte> bytes, long position)
    {
        var copy = bytes.ToArray();
        Operate(powerGoes =>
        {
            if (powerGoes || Fails())
            {
                inode.Write(copy.AsSpan(0, _random.Next(copy.Length + 1)), position);
                return powerGoes ? 0 : throw new IOException("The simulated write failed.");
            }

            inode.Write(copy, position);
            return 0;
        });
    }

    internal void Sync(SimulatedInode inode) => Operate(powerGoes =>
    {
        if (!powerGoes && Fails())
        {
            inode.ForgetUnsynced(_random);
            throw new IOException("The simulated sync failed.");
        }

        if (!Lie.HasFlag(SimulatedLie.Sync) && !powerGoes) inode.Sync();
        return 0;
    });

    internal void SetLength(SimulatedInode inode, long length) => Operate(_ =>
    {
        if (!Lie.HasFlag(SimulatedLie.SetLength)) inode.SetLength(length);
        return 0;
    });

    internal T Operate<T>(Func<bool, T> operation)
    {
        lock (_lock)
        {
            if (PowerIsOff) throw new IOException("The simulated power is off.");
            var powerGoes = PowerLossIn is { } left && left <= 0;
            if (PowerLossIn > 0) PowerLossIn--;
            if (!powerGoes) return operation(false);
            // The operation may have had its effect or not; nobody will be told.
            if (_random.Next(2) == 0) operation(true);
            PowerIsOff = true;
            throw new IOException("The simulated power went.");
        }
    }

    private static string[] Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private bool Fails() => FailureRate > 0 && _random.NextDouble() < FailureRate;

    private void MayFail(string what)
    {
        if (Fails()) throw new IOException($"The simulated {what} failed.");
    }

    private object? Find(string path)
    {
        object? at = _root;
        foreach (var name in Parts(path)) at = (at as SimulatedDirectory)?.Find(name);
        return at;
    }

    private bool TryParent(string path, out SimulatedDirectory directory, out string name)
    {
        name = Path.GetFileName(path);
        directory = (Find(Path.GetDirectoryName(path) ?? "") as SimulatedDirectory)!;
        return directory is not null;
    }

    private (SimulatedDirectory Directory, string Name) Parent(string path) =>
        TryParent(path, out var directory, out var name) ? (directory, name) : throw new DirectoryNotFoundException(path);
}

/// <summary>What a disk may claim without doing it.</summary>
[Flags]
public enum SimulatedLie
{
    None = 0,

    /// <summary>Bytes are not made durable: as if the log answered before its sync.</summary>
    Sync = 1,

    /// <summary>Names are not made durable: as if the log forgot to sync a directory.</summary>
    SyncDirectory = 2,

    /// <summary>Files keep their length: as if the log did not cut a torn tail.</summary>
    SetLength = 4,
}
