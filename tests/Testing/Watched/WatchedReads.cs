using Sluice.Bytes;

namespace Sluice.Testing.Watched;

/// <summary>The real file system; a test is told of each read before it happens, and may fail it.</summary>
public sealed class WatchedReads() : ForwardedFiles(OsFileSystem.Instance)
{
    /// <summary>Called with the path of a file that was opened for reading only; what it throws the reader gets.</summary>
    public Action<string>? Reading { get; set; }

    protected override IFile Wrap(IFile file, string path, FileOpen mode) => mode == FileOpen.Read ? new WatchedFile(file, () => Reading?.Invoke(path)) : file;

    private sealed class WatchedFile(IFile real, Action reading) : ForwardedFile(real)
    {
        public override int Read(Span<byte> buffer, long position)
        {
            reading();
            return base.Read(buffer, position);
        }
    }
}
