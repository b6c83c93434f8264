namespace Sluice.Objects;

/// <summary>Parts are appended to one hidden file, which gets the object's name when complete.</summary>
internal sealed class LocalMultipartUpload(LocalObjectStore store, ObjectDirectory directory, ObjectKey key) : IMultipartUpload
{
    private readonly ObjectUpload _upload = directory.BeginUpload(key);
    private long _length;
    private bool _completed;

    public async ValueTask WritePartAsync(ReadOnlyMemory<byte> part, CancellationToken cancel)
    {
        if (_completed) throw new InvalidOperationException($"The upload of '{key}' is complete: no part can follow.");
        await LocalObjectStore.OffThreadAsync(
            () =>
            {
                _upload.File.Write(part.Span, _length);
                _length += part.Length;
                return _length;
            },
            cancel);
    }

    public async ValueTask<ObjectInfo> CompleteAsync(CancellationToken cancel)
    {
        if (_completed) throw new InvalidOperationException($"The upload of '{key}' is complete already.");
        return await LocalObjectStore.OffThreadAsync(
            () =>
            {
                _upload.Publish();
                _completed = true;
                return store.InfoAfterPut(key);
            },
            cancel);
    }

    public ValueTask DisposeAsync()
    {
        _upload.Dispose();
        return ValueTask.CompletedTask;
    }
}
