using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sluice.Bytes;

/// <summary>The operating system's files, with the durability calls .NET does not offer (Linux and macOS).</summary>
public sealed partial class OsFileSystem : IFileSystem
{
    private const int ErrorAbsent = 2;
    private const int ErrorExists = 17;
    private const int ErrorNotDirectory = 20;

    public static OsFileSystem Instance { get; } = new();

    public IFile Open(string path, FileOpen mode) => new OsFile(File.OpenHandle(
        path,
        mode switch
        {
            FileOpen.CreateNew => FileMode.CreateNew,
            FileOpen.OpenOrCreate => FileMode.OpenOrCreate,
            _ => FileMode.Open,
        },
        mode == FileOpen.Read ? FileAccess.Read : FileAccess.ReadWrite,
        FileShare.ReadWrite | FileShare.Delete));

    public bool FileExists(string path) => File.Exists(path);

    public void CreateDirectory(string path)
    {
        if (path.Length == 0 || Directory.Exists(path)) return;
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path)) ?? "";
        CreateDirectory(parent);
        Directory.CreateDirectory(path);
        SyncDirectory(parent.Length == 0 ? "." : parent);
    }

    public IReadOnlyList<string> ListFiles(string directory) =>
        Directory.Exists(directory) ? Sorted(new DirectoryInfo(directory).EnumerateFiles().Select(f => f.Name)) : [];

    public IReadOnlyList<string> ListDirectories(string directory) =>
        Directory.Exists(directory) ? Sorted(new DirectoryInfo(directory).EnumerateDirectories().Select(d => d.Name)) : [];

    public void Delete(string path)
    {
        if (Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))) File.Delete(path);
    }

    public void DeleteDirectory(string path)
    {
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }

    public void Replace(string source, string target)
    {
        if (rename(source, target) != 0) throw Failure("rename", source, target);
    }

    public bool Link(string source, string target)
    {
        if (link(source, target) == 0) return true;
        return Marshal.GetLastPInvokeError() == ErrorExists ? false : throw Failure("link", source, target);
    }

    public void SyncDirectory(string path)
    {
        using var handle = open(path, 0, 0);
        if (handle.IsInvalid || fsync(handle) != 0) throw Failure("fsync", path, "");
    }

    private static string[] Sorted(IEnumerable<string> names)
    {
        var sorted = names.ToArray();
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    private static IOException Failure(string call, string source, string target) =>
        new($"{call} {source} {target}: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());

    private sealed class OsFile(SafeFileHandle handle) : IFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> buffer, long position)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], position + total);
                if (read == 0) break;
                total += read;
            }

            return total;
        }

        public void Write(ReadOnlySpan<byte> bytes, long position) => RandomAccess.Write(handle, bytes, position);

        public void Sync()
        {
            var failed = OperatingSystem.IsLinux() ? fdatasync(handle) != 0 : fsync(handle) != 0;
            if (failed) throw Failure("fdatasync", "", "");
        }

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose() => handle.Dispose();
    }

#pragma warning disable IDE1006 // the names are those of libc
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string oldpath, string newpath);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string oldpath, string newpath);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle fd);
#pragma warning restore IDE1006
}
