using Sluice.Bytes;

namespace Sluice.Testing.Watched;

/// <summary>The real file system without its syncs: for tests that ask who wins, not what survives.</summary>
public sealed class UnsyncedFiles() : ForwardedFiles(OsFileSystem.Instance)
{
    public override void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public override void SyncDirectory(string path)
    {
    }

    protected override IFile Wrap(IFile file, string path, FileOpen mode) => new UnsyncedFile(file);

    private sealed class UnsyncedFile(IFile real) : ForwardedFile(real)
    {
        public override void Sync()
        {
        }
    }
}
