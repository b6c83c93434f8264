using Sluice.Bytes;

namespace Sluice.Objects;

/// <summary>A hidden file on its way to become an object. Disposed, its hidden name is gone, published or not.</summary>
internal sealed class ObjectUpload(ObjectDirectory directory, ObjectKey key, string path) : IDisposable
{
    private bool _renamed;

    public IFile File { get; } = directory.Files.Open(path, FileOpen.CreateNew);

    public void Publish()
    {
        File.Sync();
        directory.Publish(key, path);
        _renamed = true;
    }

    public bool PublishIfAbsent()
    {
        File.Sync();
        return directory.PublishIfAbsent(key, path);
    }

    public void Dispose()
    {
        File.Dispose();
        if (!_renamed) directory.Files.Delete(path);
    }
}
