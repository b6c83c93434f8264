namespace Sluice.Bytes;

/// <summary>
/// The seam between everything that rests on a disk and the disk itself. <see cref="OsFileSystem"/> is the real one; the
/// simulation tests put a file system here that fails, tears writes and forgets what was not synced.
/// </summary>
/// <remarks>
/// Nothing is durable before it is synced: bytes by <see cref="IFile.Sync"/>, names (created, renamed, linked, deleted) by
/// <see cref="SyncDirectory"/> on the directory that holds them. Failures are <see cref="IOException"/>.
/// </remarks>
public interface IFileSystem
{
    /// <summary>Opens a file; <see cref="FileOpen"/> says what happens when it is there or absent.</summary>
    /// <exception cref="FileNotFoundException"><see cref="FileOpen.Read"/> or <see cref="FileOpen.ReadWrite"/>, and no such file.</exception>
    IFile Open(string path, FileOpen mode);

    bool FileExists(string path);

    /// <summary>Length, last write and identity of a file; null when there is no file (a directory is none).</summary>
    /// <remarks>A file system that keeps neither times nor identities says the epoch and 0.</remarks>
    FileStat? Stat(string path)
    {
        if (!FileExists(path)) return null;
        using var file = Open(path, FileOpen.Read);
        return new FileStat(file.Length, DateTimeOffset.UnixEpoch, 0);
    }

    /// <summary>Creates the directory and its missing parents, and syncs each parent that gained a name.</summary>
    void CreateDirectory(string path);

    /// <summary>Names (not paths) of the files directly in a directory, in ordinal order; empty when it does not exist.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>Names (not paths) of the directories directly in a directory, in ordinal order; empty when it does not exist.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Deletes a file; a file that is not there is no error.</summary>
    void Delete(string path);

    /// <summary>Deletes a directory and all it holds; a directory that is not there is no error.</summary>
    void DeleteDirectory(string path);

    /// <summary>Gives the file another name, replacing what had that name, atomically (<c>rename(2)</c>).</summary>
    void Replace(string source, string target);

    /// <summary>
    /// Gives the file a second name unless that name is taken, atomically (<c>link(2)</c>): of many racing callers exactly one
    /// sees <c>true</c>. The source keeps its name.
    /// </summary>
    bool Link(string source, string target);

    /// <summary>Makes creations, renames, links and deletions in this directory durable.</summary>
    void SyncDirectory(string path);
}

/// <summary>What a directory knows of a file. <paramref name="Identity"/> differs between two files that exist at the same time (inode).</summary>
public readonly record struct FileStat(long Length, DateTimeOffset LastWrite, ulong Identity);

/// <summary>An open file: positioned reads and writes, no cursor, safe for one writer beside many readers.</summary>
public interface IFile : IDisposable
{
    /// <summary>Bytes in the file.</summary>
    long Length { get; }

    /// <summary>Reads at a position; returns fewer bytes than asked for only at the end of the file.</summary>
    int Read(Span<byte> buffer, long position);

    /// <summary>Writes all bytes at a position, extending the file when needed.</summary>
    void Write(ReadOnlySpan<byte> bytes, long position);

    /// <summary>Makes all written bytes and the length durable (<c>fdatasync(2)</c>).</summary>
    void Sync();

    void SetLength(long length);
}

public enum FileOpen
{
    /// <summary>Read an existing file.</summary>
    Read,

    /// <summary>Read and write an existing file.</summary>
    ReadWrite,

    /// <summary>Read and write; created empty when absent.</summary>
    OpenOrCreate,

    /// <summary>Read and write; an <see cref="IOException"/> when it exists (<c>O_EXCL</c>).</summary>
    CreateNew,
}
