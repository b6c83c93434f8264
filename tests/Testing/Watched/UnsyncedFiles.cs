using Sluice.Bytes;

namespace Sluice.Testing.Watched;

/// <summary>The real file system without its syncs: for tests that ask who wins, not what survives.</summary>
public sealed class UnsyncedFiles : IFileSystem
{
    private readonly IFileSystem _real = OsFileSystem.Instance;

    public IFile Open(string path, FileOpen mode) => new UnsyncedFile(_real.Open(path, mode));

    public bool FileExists(string path) => _real.FileExists(path);

    public FileStat? Stat(string path) => _real.Stat(path);

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => _real.ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => _real.ListDirectories(directory);

    public void Delete(string path) => _real.Delete(path);

    public void DeleteDirectory(string path) => _real.DeleteDirectory(path);

    public void Replace(string source, string target) => _real.Replace(source, target);

    public bool Link(string source, string target) => _real.Link(source, target);

    public void SyncDirectory(string path)
    {
    }

    private sealed class UnsyncedFile(IFile real) : IFile
    {
        public long Length => real.Length;

        public int Read(Span<byte> buffer, long position) => real.Read(buffer, position);

        public void Write(ReadOnlySpan<byte> bytes, long position) => real.Write(bytes, position);

        public void Sync()
        {
        }

        public void SetLength(long length) => real.SetLength(length);

        public void Dispose() => real.Dispose();
    }
}
