using Sluice.Bytes;

namespace Sluice.Testing;

/// <summary>A disk that has no place for some writes: half of such a write arrives, then it fails.</summary>
public sealed class FullDisk(IFileSystem disk) : ForwardedFiles(disk)
{
    /// <summary>Which writes find no place, by path and number of bytes.</summary>
    public Func<string, int, bool> Refuses { get; set; } = (_, _) => false;

    protected override IFile Wrap(IFile file, string path, FileOpen mode) => new FullFile(this, path, file);

    private sealed class FullFile(FullDisk owner, string path, IFile file) : ForwardedFile(file)
    {
        public override void Write(ReadOnlySpan<byte> bytes, long position)
        {
            var isRefused = owner.Refuses(path, bytes.Length);
            base.Write(isRefused ? bytes[..(bytes.Length / 2)] : bytes, position);
            if (isRefused) throw new IOException($"No space left on device: '{path}'");
        }
    }
}
