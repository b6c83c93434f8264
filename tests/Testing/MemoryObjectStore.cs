using System.Globalization;
using System.Runtime.CompilerServices;
using Sluice.Objects;

namespace Sluice.Testing;

/// <summary>An object store in memory, held to the same conformance suite as the real ones.</summary>
public sealed class MemoryObjectStore : IObjectStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ObjectKey, (byte[] Bytes, ObjectInfo Info)> _objects = [];
    private long _puts;

    public ValueTask<ObjectInfo> PutAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock) return ValueTask.FromResult(Store(key, content.ToArray()));
    }

    public ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_objects.ContainsKey(key)) return ValueTask.FromResult(false);
            Store(key, content.ToArray());
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<ObjectInfo> PutFileAsync(ObjectKey key, string path, CancellationToken cancel)
    {
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return PutAsync(key, bytes, cancel);
    }

    public ValueTask<ObjectInfo?> HeadAsync(ObjectKey key, CancellationToken cancel)
    {
        lock (_lock) return ValueTask.FromResult(_objects.TryGetValue(key, out var found) ? found.Info : null);
    }

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel) => GetRangeAsync(key, 0, int.MaxValue, cancel);

    public ValueTask<ReadOnlyMemory<byte>?> GetRangeAsync(ObjectKey key, long start, int length, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (!_objects.TryGetValue(key, out var found)) return ValueTask.FromResult<ReadOnlyMemory<byte>?>(null);
            var from = (int)Math.Min(start, found.Bytes.Length);
            return ValueTask.FromResult<ReadOnlyMemory<byte>?>(found.Bytes.AsMemory(from, Math.Min(length, found.Bytes.Length - from)));
        }
    }

    public async ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel)
    {
        if (await GetAsync(key, cancel) is not { } bytes) return null;
        var path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, bytes, cancel);
        return path;
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix,
        ObjectKey? startAfter,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        List<ObjectInfo> infos;
        lock (_lock) infos = [.. _objects.Values.Select(o => o.Info)];
        foreach (var info in infos)
        {
            cancel.ThrowIfCancellationRequested();
            if (!info.Key.Value.StartsWith(prefix, StringComparison.Ordinal)) continue;
            if (startAfter is not { } after || info.Key.CompareTo(after) > 0) yield return info;
        }

        await Task.CompletedTask;
    }

    public ValueTask DeleteAsync(ObjectKey key, CancellationToken cancel)
    {
        lock (_lock) _objects.Remove(key);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IMultipartUpload> BeginMultipartAsync(ObjectKey key, CancellationToken cancel) =>
        ValueTask.FromResult<IMultipartUpload>(new Upload(this, key));

    private ObjectInfo Store(ObjectKey key, byte[] bytes)
    {
        var info = new ObjectInfo(key, bytes.Length, new ETag((++_puts).ToString(CultureInfo.InvariantCulture)), DateTimeOffset.UnixEpoch);
        _objects[key] = (bytes, info);
        return info;
    }

    private sealed class Upload(MemoryObjectStore store, ObjectKey key) : IMultipartUpload
    {
        private readonly MemoryStream _bytes = new();

        public async ValueTask WritePartAsync(ReadOnlyMemory<byte> part, CancellationToken cancel) => await _bytes.WriteAsync(part, cancel);

        public ValueTask<ObjectInfo> CompleteAsync(CancellationToken cancel) => store.PutAsync(key, _bytes.ToArray(), cancel);

        public ValueTask DisposeAsync()
        {
            _bytes.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
