using System.Buffers;
using Sluice.Bytes;

namespace Sluice.Objects;

/// <summary>The directory behind a <see cref="LocalObjectStore"/>: paths of keys, durable folders, uploads and their leftovers.</summary>
internal sealed class ObjectDirectory
{
    /// <summary>Hidden, and never a key: listings skip it and keys in it are refused.</summary>
    public const string UploadsName = ".uploads";

    private const int CopyBytes = 1 << 20;
    private const int CrossDevice = 18;

    /// <summary>Folders remembered as durable; above this many the memory starts afresh. 4,096 paths of 100 chars are under 1 MB.</summary>
    private const int DurableFoldersMax = 4096;

    private readonly string _uploads;
    private readonly Lock _foldersLock = new();
    private readonly HashSet<string> _durableFolders = [];

    public ObjectDirectory(IFileSystem files, string root)
    {
        Files = files;
        Root = Path.GetFullPath(root);
        _uploads = Path.Combine(Root, UploadsName);
        files.CreateDirectory(Root);
        files.CreateDirectory(_uploads);
    }

    public IFileSystem Files { get; }

    public string Root { get; }

    /// <exception cref="ArgumentException">The key lies in the hidden directory.</exception>
    public string PathOf(ObjectKey key)
    {
        var value = key.Value;
        if (value.StartsWith(UploadsName, StringComparison.Ordinal) && (value.Length == UploadsName.Length || value[UploadsName.Length] == '/'))
        {
            throw new ArgumentException($"Object key '{key}' is reserved: '{UploadsName}' holds unfinished uploads.", nameof(key));
        }

        return Path.Combine(Root, value);
    }

    public void RemoveLeftovers()
    {
        foreach (var name in Files.ListFiles(_uploads)) Files.Delete(Path.Combine(_uploads, name));
    }

    public ObjectUpload BeginUpload(ObjectKey key)
    {
        PathOf(key);
        return new ObjectUpload(this, key, Path.Combine(_uploads, Guid.NewGuid().ToString("N")));
    }

    /// <summary>The object's file for reading; null when there is none.</summary>
    public IFile? OpenObject(ObjectKey key)
    {
        var path = PathOf(key);
        if (!Files.FileExists(path)) return null;
        try
        {
            return Files.Open(path, FileOpen.Read);
        }
        catch (FileNotFoundException)
        {
            // Deleted between the two calls.
            return null;
        }
    }

    public void Delete(ObjectKey key)
    {
        var path = PathOf(key);
        if (!Files.FileExists(path)) return;
        Files.Delete(path);
        Files.SyncDirectory(FolderOf(path));
    }

    /// <summary>Makes a file that some tool wrote the object; by renaming it when it lies on the same file system.</summary>
    public void TakeOver(ObjectKey key, string path)
    {
        using (var file = Files.Open(path, FileOpen.ReadWrite)) file.Sync();
        try
        {
            Publish(key, path);
        }
        catch (IOException e) when (e.HResult == CrossDevice)
        {
            using var upload = BeginUpload(key);
            Copy(path, upload.File);
            upload.Publish();
            Files.Delete(path);
        }
    }

    /// <summary>Gives a synced file the name of the object, replacing what had it.</summary>
    public void Publish(ObjectKey key, string path)
    {
        var target = PathOf(key);
        PrepareFolder(key, target);
        try
        {
            Files.Replace(path, target);
        }
        catch (IOException e) when (e.HResult != CrossDevice)
        {
            Forget(FolderOf(target));
            if (IsFolder(target)) throw new ObjectKeyCollisionException(key, key.Value, e);
            throw;
        }

        Files.SyncDirectory(FolderOf(target));
    }

    /// <summary>Gives a synced file the name of the object too, unless that name is taken.</summary>
    public bool PublishIfAbsent(ObjectKey key, string path)
    {
        var target = PathOf(key);
        PrepareFolder(key, target);
        try
        {
            // A name that was taken and is no longer there was deleted in between: it is free again.
            while (!Files.Link(path, target))
            {
                if (Files.FileExists(target)) return false;
                if (IsFolder(target)) throw new ObjectKeyCollisionException(key, key.Value, null);
            }
        }
        catch (IOException)
        {
            Forget(FolderOf(target));
            throw;
        }

        Files.SyncDirectory(FolderOf(target));
        return true;
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path)!;

    private void Copy(string path, IFile target)
    {
        using var source = Files.Open(path, FileOpen.Read);
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            var position = 0L;
            for (int read; (read = source.Read(buffer, position)) > 0; position += read) target.Write(buffer.AsSpan(0, read), position);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Makes the folder of an object exist, durably. A folder that is there may be another thread's, or a crashed process's, whose
    /// name was never synced; so the first use by this process syncs the whole way up to the root.
    /// </summary>
    private void PrepareFolder(ObjectKey key, string target)
    {
        var folder = FolderOf(target);
        lock (_foldersLock)
        {
            if (_durableFolders.Contains(folder)) return;
        }

        CreateFolder(key, folder);
        for (var child = folder; child.Length > Root.Length; child = FolderOf(child)) Files.SyncDirectory(FolderOf(child));
        lock (_foldersLock)
        {
            if (_durableFolders.Count >= DurableFoldersMax) _durableFolders.Clear();
            _durableFolders.Add(folder);
        }
    }

    private void CreateFolder(ObjectKey key, string folder)
    {
        try
        {
            Files.CreateDirectory(folder);
        }
        catch (IOException e)
        {
            for (var parent = folder; parent.Length > Root.Length; parent = FolderOf(parent))
            {
                if (Files.FileExists(parent)) throw new ObjectKeyCollisionException(key, Path.GetRelativePath(Root, parent), e);
            }

            throw;
        }
    }

    private void Forget(string folder)
    {
        lock (_foldersLock) _durableFolders.Remove(folder);
    }

    private bool IsFolder(string path) => Files.ListDirectories(FolderOf(path)).Contains(Path.GetFileName(path));
}
