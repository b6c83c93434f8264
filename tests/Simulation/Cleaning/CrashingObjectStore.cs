using Sluice.Objects;

namespace Sluice.Simulation.Cleaning;

/// <summary>
/// A store whose process dies at a chosen operation that changes it, before or after it took effect; from then on every operation
/// fails. To die between two reads is the same as to die before the next change.
/// </summary>
internal sealed class CrashingObjectStore(IObjectStore inner, int crashAt, bool afterEffect) : IObjectStore
{
    private int _operations;

    public bool Crashed { get; private set; }

    /// <summary>Changes begun so far.</summary>
    public int Operations => _operations;

    public ValueTask<ObjectInfo> PutAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        RunAsync(() => inner.PutAsync(key, content, cancel));

    public ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        RunAsync(() => inner.PutIfAbsentAsync(key, content, cancel));

    public ValueTask<ObjectInfo> PutFileAsync(ObjectKey key, string path, CancellationToken cancel) =>
        RunAsync(() => inner.PutFileAsync(key, path, cancel));

    public ValueTask<ObjectInfo?> HeadAsync(ObjectKey key, CancellationToken cancel) => ReadAsync(() => inner.HeadAsync(key, cancel));

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel) => ReadAsync(() => inner.GetAsync(key, cancel));

    public ValueTask<ReadOnlyMemory<byte>?> GetRangeAsync(ObjectKey key, long start, int length, CancellationToken cancel) =>
        ReadAsync(() => inner.GetRangeAsync(key, start, length, cancel));

    public ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel) => ReadAsync(() => inner.GetFileAsync(key, cancel));

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, ObjectKey? startAfter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        if (Crashed) Crash();
        await foreach (var item in inner.ListAsync(prefix, startAfter, cancel)) yield return item;
    }

    public async ValueTask DeleteAsync(ObjectKey key, CancellationToken cancel) => await RunAsync(async ValueTask<bool> () =>
    {
        await inner.DeleteAsync(key, cancel);
        return true;
    });

    public ValueTask<IMultipartUpload> BeginMultipartAsync(ObjectKey key, CancellationToken cancel) =>
        RunAsync(() => inner.BeginMultipartAsync(key, cancel));

    private ValueTask<T> ReadAsync<T>(Func<ValueTask<T>> operation)
    {
        if (Crashed) Crash();
        return operation();
    }

    private async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> operation)
    {
        var number = Interlocked.Increment(ref _operations);
        if (Crashed || (number == crashAt && !afterEffect)) Crash();
        var result = await operation();
        if (number == crashAt) Crash();
        return result;
    }

    private void Crash()
    {
        Crashed = true;
        throw new CrashException();
    }
}

/// <summary>The process died. Nothing in the product knows this exception.</summary>
internal sealed class CrashException() : Exception("The process died here.");
