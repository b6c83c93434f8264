using System.Runtime.InteropServices;

namespace Sluice.Bytes;

public sealed partial class OsFileSystem
{
    private const int CurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;
    private const int FileTypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    public FileStat? Stat(string path)
    {
        if (!OperatingSystem.IsLinux()) return StatWithoutIdentity(path);
        if (statx(CurrentDirectory, path, 0, BasicStats, out var stat) != 0)
        {
            return Marshal.GetLastPInvokeError() is ErrorAbsent or ErrorNotDirectory ? null : throw Failure("statx", path, "");
        }

        if ((stat.Mode & FileTypeMask) != RegularFile) return null;
        var lastWrite = DateTimeOffset.UnixEpoch.AddTicks(
            (stat.ModifiedSeconds * TimeSpan.TicksPerSecond) + (stat.ModifiedNanoseconds / TimeSpan.NanosecondsPerTick));
        return new FileStat((long)stat.Size, lastWrite, stat.Inode);
    }

    private static FileStat? StatWithoutIdentity(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new FileStat(file.Length, file.LastWriteTimeUtc, 0) : null;
    }

    /// <summary>The fields used of <c>struct statx</c>, whose layout is the same on every Linux architecture (statx(2)).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxFields
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;
    }

#pragma warning disable IDE1006 // the name is that of libc
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, out StatxFields stat);
#pragma warning restore IDE1006
}
