using Sluice.Bytes;

namespace Sluice.Testing.Watched;

/// <summary>The real file system; a test is told of each read before it happens, and may fail it.</summary>
public sealed class WatchedReads : IFileSystem
{
    private readonly IFileSystem _real = OsFileSystem.Instance;

    /// <summary>Called with the path of a file that was opened for reading only; what it throws the reader gets.</summary>
    public Action<string>? Reading { get; set; }

    public IFile Open(string path, FileOpen mode) =>
        mode == FileOpen.Read ? new WatchedFile(_real.Open(path, mode), () => Reading?.Invoke(path)) : _real.Open(path, mode);

    public bool FileExists(string path) => _real.FileExists(path);

    public FileStat? Stat(string path) => _real.Stat(path);

    public void CreateDirectory(string path) => _real.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => _real.ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => _real.ListDirectories(directory);

    public void Delete(string path) => _real.Delete(path);

    public void DeleteDirectory(string path) => _real.DeleteDirectory(path);

    public void Replace(string source, string target) => _real.Replace(source, target);

    public bool Link(string source, string target) => _real.Link(source, target);

    public void SyncDirectory(string path) => _real.SyncDirectory(path);

    private sealed class WatchedFile(IFile real, Action reading) : IFile
    {
        public long Length => real.Length;

        public int Read(Span<byte> buffer, long position)
        {
            reading();
            return real.Read(buffer, position);
        }

        public void Write(ReadOnlySpan<byte> bytes, long position) => real.Write(bytes, position);

        public void Sync() => real.Sync();

        public void SetLength(long length) => real.SetLength(length);

        public void Dispose() => real.Dispose();
    }
}
