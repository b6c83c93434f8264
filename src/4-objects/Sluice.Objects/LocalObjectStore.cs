using System.Globalization;
using Sluice.Bytes;

namespace Sluice.Objects;

/// <summary>
/// One bucket as a directory of this machine, the key being the path below it. Every put is written to a hidden directory
/// (<c>.uploads</c>), synced, given its name with <c>rename(2)</c> or <c>link(2)</c>, and the directory is synced: a crash
/// leaves the old object or the new one, never a part of it.
/// </summary>
/// <remarks>
/// <para>ETag: <c>inode-mtime-size</c> in hex, mtime in 100 ns. It costs one <c>stat</c> and changes with every put, because each
/// put is a new file; it is not the MD5 that S3 gives, which a file put by renaming would have to be read for.</para>
/// <para>Limits of a directory: <c>a</c> and <c>a/b</c> cannot both be objects (<see cref="ObjectKeyCollisionException"/>), a
/// segment has at most 255 bytes, and <c>.uploads/...</c> is not a key. A listing holds the names of one folder per level in
/// memory, and nothing else.</para>
/// </remarks>
public sealed class LocalObjectStore : IObjectStore
{
    private readonly ObjectDirectory _directory;

    private LocalObjectStore(ObjectDirectory directory) => _directory = directory;

    /// <summary>The directory that holds the objects.</summary>
    public string Root => _directory.Root;

    /// <summary>
    /// Opens the bucket in a directory, which is created when absent, as its only writer: what unfinished puts of an earlier
    /// process left behind is removed.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be made or cleaned.</exception>
    public static LocalObjectStore Open(string root, IFileSystem? files = null)
    {
        var directory = new ObjectDirectory(files ?? OsFileSystem.Instance, root);
        directory.RemoveLeftovers();
        return new LocalObjectStore(directory);
    }

    /// <summary>Opens the bucket while another process may be writing to it: the unfinished puts of others are left alone.</summary>
    public static LocalObjectStore OpenBeside(string root, IFileSystem? files = null) =>
        new(new ObjectDirectory(files ?? OsFileSystem.Instance, root));

    public ValueTask<ObjectInfo> PutAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        OffThreadAsync(() => Put(key, content), cancel);

    public ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        OffThreadAsync(() => PutIfAbsent(key, content), cancel);

    public ValueTask<ObjectInfo> PutFileAsync(ObjectKey key, string path, CancellationToken cancel) =>
        OffThreadAsync(() => PutFile(key, path), cancel);

    public ValueTask<ObjectInfo?> HeadAsync(ObjectKey key, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Info(key));
    }

    /// <exception cref="IOException">The object is larger than one array holds (2 GB): use <see cref="GetRangeAsync"/>.</exception>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel) =>
        OffThreadAsync(() => Read(key, 0, null), cancel);

    public ValueTask<ReadOnlyMemory<byte>?> GetRangeAsync(ObjectKey key, long start, int length, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return OffThreadAsync(() => Read(key, start, length), cancel);
    }

    public ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var path = _directory.PathOf(key);
        return ValueTask.FromResult(_directory.Files.FileExists(path) ? path : null);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix,
        ObjectKey? startAfter,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        foreach (var key in new ObjectListing(_directory, prefix, startAfter?.Value).Keys())
        {
            cancel.ThrowIfCancellationRequested();
            // An object deleted since its folder was read is not listed.
            if (Info(new ObjectKey(key)) is { } info) yield return info;
        }
    }

    public ValueTask DeleteAsync(ObjectKey key, CancellationToken cancel) => new(Task.Run(() => _directory.Delete(key), cancel));

    public ValueTask<IMultipartUpload> BeginMultipartAsync(ObjectKey key, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _directory.PathOf(key);
        return ValueTask.FromResult<IMultipartUpload>(new LocalMultipartUpload(this, _directory, key));
    }

    /// <summary>Syncs may take long, so durable work does not run on the caller's thread.</summary>
    internal static ValueTask<T> OffThreadAsync<T>(Func<T> work, CancellationToken cancel) => new(Task.Run(work, cancel));

    internal ObjectInfo InfoAfterPut(ObjectKey key) =>
        Info(key) ?? throw new IOException($"Object '{key}' vanished from '{Root}' right after its put: another writer deleted it.");

    private ObjectInfo Put(ObjectKey key, ReadOnlyMemory<byte> content)
    {
        using var upload = _directory.BeginUpload(key);
        upload.File.Write(content.Span, 0);
        upload.Publish();
        return InfoAfterPut(key);
    }

    private bool PutIfAbsent(ObjectKey key, ReadOnlyMemory<byte> content)
    {
        if (_directory.Files.FileExists(_directory.PathOf(key))) return false;
        using var upload = _directory.BeginUpload(key);
        upload.File.Write(content.Span, 0);
        return upload.PublishIfAbsent();
    }

    private ObjectInfo PutFile(ObjectKey key, string path)
    {
        _directory.TakeOver(key, path);
        return InfoAfterPut(key);
    }

    private ReadOnlyMemory<byte>? Read(ObjectKey key, long start, int? length)
    {
        using var file = _directory.OpenObject(key);
        if (file is null) return null;
        var available = Math.Max(0, file.Length - start);
        var wanted = length is { } asked ? Math.Min(asked, available) : available;
        if (wanted > Array.MaxLength) throw new IOException($"Object '{key}' has {wanted} bytes, more than one buffer holds: read it in ranges.");

        var bytes = new byte[wanted];
        var read = file.Read(bytes, start);
        return bytes.AsMemory(0, read);
    }

    private ObjectInfo? Info(ObjectKey key)
    {
        if (_directory.Files.Stat(_directory.PathOf(key)) is not { } stat) return null;
        var etag = string.Create(CultureInfo.InvariantCulture, $"{stat.Identity:x}-{stat.LastWrite.UtcTicks:x}-{stat.Length:x}");
        return new ObjectInfo(key, stat.Length, new ETag(etag), stat.LastWrite);
    }
}
