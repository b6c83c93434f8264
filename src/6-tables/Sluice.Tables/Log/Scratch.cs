namespace Sluice.Tables;

/// <summary>Folders for files in the making: made per write, gone after it, swept when a crash left them.</summary>
internal sealed class Scratch(TablesOptions options, TimeProvider time)
{
    private int _swept;

    public ScratchFolder Open()
    {
        Directory.CreateDirectory(options.ScratchDirectory);
        if (Interlocked.Exchange(ref _swept, 1) == 0) Sweep();
        return new ScratchFolder(Path.Combine(options.ScratchDirectory, $"write-{options.NewId():N}"));
    }

    private void Sweep()
    {
        var eldest = time.GetUtcNow() - options.ScratchAgeMax;
        foreach (var folder in Directory.EnumerateDirectories(options.ScratchDirectory, "write-*"))
        {
            if (Directory.GetLastWriteTimeUtc(folder) >= eldest.UtcDateTime) continue;
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (DirectoryNotFoundException)
            {
                // Another catalog swept it first, which is all that was wanted.
                continue;
            }
        }
    }
}

/// <summary>A folder that disappears with what is left in it.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public ScratchFolder(string path)
    {
        Path = path;
        Directory.CreateDirectory(path);
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
