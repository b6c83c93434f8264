using Sluice.Bytes;

namespace Sluice.Testing;

/// <summary>A file system that does what another one does, but for what a test overrides.</summary>
public abstract class ForwardedFiles(IFileSystem real) : IFileSystem
{
    public IFile Open(string path, FileOpen mode) => Wrap(real.Open(path, mode), path, mode);

    public bool FileExists(string path) => real.FileExists(path);

    public FileStat? Stat(string path) => real.Stat(path);

    public virtual void CreateDirectory(string path) => real.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => real.ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => real.ListDirectories(directory);

    public void Delete(string path) => real.Delete(path);

    public void DeleteDirectory(string path) => real.DeleteDirectory(path);

    public void Replace(string source, string target) => real.Replace(source, target);

    public bool Link(string source, string target) => real.Link(source, target);

    public virtual void SyncDirectory(string path) => real.SyncDirectory(path);

    /// <summary>What an opened file is to the caller.</summary>
    protected abstract IFile Wrap(IFile file, string path, FileOpen mode);
}

/// <summary>A file that does what another one does, but for what a test overrides.</summary>
public abstract class ForwardedFile(IFile real) : IFile
{
    public long Length => real.Length;

    public virtual int Read(Span<byte> buffer, long position) => real.Read(buffer, position);

    public virtual void Write(ReadOnlySpan<byte> bytes, long position) => real.Write(bytes, position);

    public virtual void Sync() => real.Sync();

    public void SetLength(long length) => real.SetLength(length);

    public void Dispose()
    {
        real.Dispose();
        GC.SuppressFinalize(this);
    }
}
