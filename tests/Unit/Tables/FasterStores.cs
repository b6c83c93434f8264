using System.Runtime.CompilerServices;
using Sluice.Objects;
using Sluice.Testing;

namespace Sluice.Unit.Tables;

/// <summary>A store in which somebody else is faster, once: what it does happens right before the first commit.</summary>
internal sealed class BeforeTheCommit(IObjectStore inner, Func<Task> faster) : ForwardingObjectStore(inner)
{
    private Func<Task>? _faster = faster;

    public override async ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _faster, null) is { } first) await first();
        return await base.PutIfAbsentAsync(key, content, cancel);
    }
}

/// <summary>A store in which somebody else is faster, once: what it does happens right before a prefix is listed.</summary>
internal sealed class BeforeTheListing(IObjectStore inner, string prefix, Func<Task> faster) : ForwardingObjectStore(inner)
{
    private Func<Task>? _faster = faster;

    public override async IAsyncEnumerable<ObjectInfo> ListAsync(string of, ObjectKey? startAfter, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (of == prefix && Interlocked.Exchange(ref _faster, null) is { } first) await first();
        await foreach (var item in base.ListAsync(of, startAfter, cancel)) yield return item;
    }
}
