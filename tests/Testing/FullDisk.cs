using Sluice.Bytes;

namespace Sluice.Testing;

/// <summary>A disk that has no place for some writes: half of such a write arrives, then it fails.</summary>
public sealed class FullDisk(IFileSystem disk) : IFileSystem
{
    /// <summary>Which writes find no place, by path and number of bytes.</summary>
    public Func<string, int, bool> Refuses { get; set; } = (_, _) => false;

    public IFile Open(string path, FileOpen mode) => new FullFile(this, path, disk.Open(path, mode));

    public bool FileExists(string path) => disk.FileExists(path);

    public FileStat? Stat(string path) => disk.Stat(path);

    public void CreateDirectory(string path) => disk.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => disk.ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => disk.ListDirectories(directory);

    public void Delete(string path) => disk.Delete(path);

    public void DeleteDirectory(string path) => disk.DeleteDirectory(path);

    public void Replace(string source, string target) => disk.Replace(source, target);

    public bool Link(string source, string target) => disk.Link(source, target);

    public void SyncDirectory(string path) => disk.SyncDirectory(path);

    private sealed class FullFile(FullDisk owner, string path, IFile file) : IFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long position) => file.Read(buffer, position);

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            var isRefused = owner.Refuses(path, bytes.Length);
            file.Write(isRefused ? bytes[..(bytes.Length / 2)] : bytes, position);
            if (isRefused) throw new IOException($"No space left on device: '{path}'");
        }

        public void Sync() => file.Sync();

        public void SetLength(long length) => file.SetLength(length);

        public void Dispose() => file.Dispose();
    }
}
