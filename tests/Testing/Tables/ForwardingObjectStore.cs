using Sluice.Objects;

namespace Sluice.Testing;

/// <summary>An object store over another one, for tests to put faults in between.</summary>
public abstract class ForwardingObjectStore(IObjectStore inner) : IObjectStore
{
    public virtual ValueTask<ObjectInfo> PutAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(key, content, cancel);

    public virtual ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutIfAbsentAsync(key, content, cancel);

    public virtual ValueTask<ObjectInfo> PutFileAsync(ObjectKey key, string path, CancellationToken cancel) => inner.PutFileAsync(key, path, cancel);

    public virtual ValueTask<ObjectInfo?> HeadAsync(ObjectKey key, CancellationToken cancel) => inner.HeadAsync(key, cancel);

    public virtual ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel) => inner.GetAsync(key, cancel);

    public virtual ValueTask<ReadOnlyMemory<byte>?> GetRangeAsync(ObjectKey key, long start, int length, CancellationToken cancel) => inner.GetRangeAsync(key, start, length, cancel);

    public virtual ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel) => inner.GetFileAsync(key, cancel);

    public virtual IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, ObjectKey? startAfter, CancellationToken cancel) => inner.ListAsync(prefix, startAfter, cancel);

    public virtual ValueTask DeleteAsync(ObjectKey key, CancellationToken cancel) => inner.DeleteAsync(key, cancel);

    public virtual ValueTask<IMultipartUpload> BeginMultipartAsync(ObjectKey key, CancellationToken cancel) => inner.BeginMultipartAsync(key, cancel);
}
