namespace Sluice.Objects;

/// <summary>
/// The object store: one bucket of named, immutable-once-written objects, with S3's semantics: a put is atomic and durable when
/// it returns, a list sees every finished put. <see cref="LocalObjectStore"/> keeps them in a directory.
/// </summary>
/// <remarks>A put that throws may have happened or not (a lost reply, a failed sync): ask the store before deciding.</remarks>
public interface IObjectStore
{
    /// <summary>Writes the whole object, replacing what was there; readers see the old bytes or the new, never a mix.</summary>
    ValueTask<ObjectInfo> PutAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel);

    /// <summary>Writes the object unless the key is taken (S3's <c>If-None-Match: *</c>): of many racing callers exactly one sees true.</summary>
    ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel);

    /// <summary>
    /// Makes a finished file on this machine the object, replacing what was there. The file is taken over: it is gone from its
    /// path afterwards. On the local store no byte is copied when both lie on one file system.
    /// </summary>
    ValueTask<ObjectInfo> PutFileAsync(ObjectKey key, string path, CancellationToken cancel);

    /// <summary>Size, ETag and time of the object; null when there is none.</summary>
    ValueTask<ObjectInfo?> HeadAsync(ObjectKey key, CancellationToken cancel);

    /// <summary>The whole object; null when there is none.</summary>
    ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel);

    /// <summary>Bytes from <paramref name="start"/> on, as many as the object has and <paramref name="length"/> asks for; null when there is none.</summary>
    ValueTask<ReadOnlyMemory<byte>?> GetRangeAsync(ObjectKey key, long start, int length, CancellationToken cancel);

    /// <summary>
    /// A path on this machine with the object's bytes, for tools that read files (DuckDB); null when there is no such object.
    /// The local store gives the object's own file: it must not be written to.
    /// </summary>
    ValueTask<string?> GetFileAsync(ObjectKey key, CancellationToken cancel);

    /// <summary>Objects whose key begins with the prefix and is after <paramref name="startAfter"/>, in ordinal order of their UTF-8 keys.</summary>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, ObjectKey? startAfter, CancellationToken cancel);

    /// <summary>Deletes the object; one that is not there is no error.</summary>
    ValueTask DeleteAsync(ObjectKey key, CancellationToken cancel);

    /// <summary>Begins an object that is written in parts and appears whole when completed.</summary>
    ValueTask<IMultipartUpload> BeginMultipartAsync(ObjectKey key, CancellationToken cancel);
}

/// <summary>An object under construction. Disposed without <see cref="CompleteAsync"/>, nothing of it remains.</summary>
public interface IMultipartUpload : IAsyncDisposable
{
    /// <summary>Adds the next part, after those added before.</summary>
    ValueTask WritePartAsync(ReadOnlyMemory<byte> part, CancellationToken cancel);

    /// <summary>Makes the object visible, whole and durable, replacing what was there.</summary>
    ValueTask<ObjectInfo> CompleteAsync(CancellationToken cancel);
}

/// <summary>What a listing says of an object.</summary>
public sealed record ObjectInfo(ObjectKey Key, long Size, ETag ETag, DateTimeOffset LastModified);

/// <summary>An entity tag, quotes excluded. Changes whenever the bytes may have changed.</summary>
public readonly record struct ETag(string Value);
