namespace Sluice.Testing;

/// <summary>A private folder that goes when the test ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private const string MemoryDisk = "/dev/shm";

    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("sluice-").FullName;

    private TemporaryFolder(string parent) => Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"sluice-{Guid.NewGuid():N}")).FullName;

    public string Path { get; }

    /// <summary>One in memory, where the machine has a disk there: for tests that write much which nobody reads again.</summary>
    public static TemporaryFolder InMemory() => Directory.Exists(MemoryDisk) ? new TemporaryFolder(MemoryDisk) : new TemporaryFolder();

    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Copies a folder with all it holds into this one.</summary>
    public TemporaryFolder CopyOf(string source)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = At(System.IO.Path.GetRelativePath(source, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
