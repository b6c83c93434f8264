using Sluice.Objects;

namespace Sluice.Testing.Watched;

/// <summary>An object store whose every operation passes a hook.</summary>
public sealed class WatchedObjects(IObjectStore objects, OperationHook hook) : IObjectStore
{
    /// <summary>Called with every put-if-absent before it is done.</summary>
    public Func<ObjectKey, Task> OnPutIfAbsent { get; set; } = static _ => Task.CompletedTask;

    public ValueTask<ObjectInfo> PutAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        hook.AroundAsync("put", () => objects.PutAsync(key, content, cancel));

    public ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        hook.AroundAsync("put if absent", async () =>
        {
            await OnPutIfAbsent(key);
            return await objects.PutIfAbsentAsync(key, content, cancel);
        });

    public ValueTask<ObjectInfo> PutFileAsync(ObjectKey key, string path, CancellationToken cancel) =>
        hook.AroundAsync("put file", () => objects.PutFileAsync(key, path, cancel));

    public ValueTask<ObjectInfo?> HeadAsync(ObjectKey key, CancellationToken cancel) =>
        hook.AroundAsync("head", () => objects.HeadAsync(key, cancel));

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel) =>
        hook.AroundAsync("get", () => objects.GetAsync(key, cancel));

    public ValueTask<ReadOnlyMemory<byte>?> GetRangeAsync(ObjectKey key, long start, int length, CancellationToken cancel) =>
        hook.AroundAsync("get", () => objects.GetRangeAsync(key, start, length, cancel));

    public ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel) =>
        hook.AroundAsync("get", () => objects.GetFileAsync(key, cancel));

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, ObjectKey? startAfter, CancellationToken cancel)
    {
        hook.Before("list");
        return objects.ListAsync(prefix, startAfter, cancel);
    }

    public ValueTask DeleteAsync(ObjectKey key, CancellationToken cancel) => new(hook.AroundAsync("delete", async () =>
    {
        await objects.DeleteAsync(key, cancel);
        return true;
    }).AsTask());

    public async ValueTask<IMultipartUpload> BeginMultipartAsync(ObjectKey key, CancellationToken cancel) =>
        new Upload(await hook.AroundAsync("begin", () => objects.BeginMultipartAsync(key, cancel)), hook);

    private sealed class Upload(IMultipartUpload upload, OperationHook hook) : IMultipartUpload
    {
        public ValueTask WritePartAsync(ReadOnlyMemory<byte> part, CancellationToken cancel) => new(hook.AroundAsync("part", async () =>
        {
            await upload.WritePartAsync(part, cancel);
            return true;
        }).AsTask());

        public ValueTask<ObjectInfo> CompleteAsync(CancellationToken cancel) => hook.AroundAsync("complete", () => upload.CompleteAsync(cancel));

        public ValueTask DisposeAsync() => upload.DisposeAsync();
    }
}
