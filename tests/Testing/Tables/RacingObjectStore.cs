using Sluice.Objects;

namespace Sluice.Testing;

/// <summary>
/// An object store that behaves as S3 does on a bad day, by a seed: answers come late and out of order, an answer is lost after the
/// effect, a request fails before it, and a put-if-absent that the client repeats by itself finds its own object in the way.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html</remarks>
public sealed class RacingObjectStore(IObjectStore inner, int seed) : ForwardingObjectStore(inner)
{
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    /// <summary>Puts whose caller was told wrongly or nothing.</summary>
    public int LostAnswers { get; private set; }

    public override async ValueTask<bool> PutIfAbsentAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var (before, after, fate) = Draw();
        await TurnsAsync(before);
        if (fate == Fate.FailedBefore) throw new IOException($"503 SlowDown: {key}");
        // Two conditional puts that meet: neither is done, and the caller asks again.
        if (fate == Fate.Conflict) throw new IOException($"409 ConditionalRequestConflict: {key}");
        var put = await base.PutIfAbsentAsync(key, content, cancel);
        await TurnsAsync(after);
        if (fate == Fate.Lost) throw Lose(key);
        // The first answer was lost, and the client's own retry meets its object: 412.
        if (fate == Fate.RetriedByClient && put)
        {
            _ = Lose(key);
            return false;
        }

        return put;
    }

    public override ValueTask<ObjectInfo> PutAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        AnyAsync(key, () => base.PutAsync(key, content, cancel));

    public override ValueTask<ReadOnlyMemory<byte>?> GetAsync(ObjectKey key, CancellationToken cancel) => AnyAsync(key, () => base.GetAsync(key, cancel));

    public override ValueTask<ObjectInfo?> HeadAsync(ObjectKey key, CancellationToken cancel) => AnyAsync(key, () => base.HeadAsync(key, cancel));

    private async ValueTask<T> AnyAsync<T>(ObjectKey key, Func<ValueTask<T>> operation)
    {
        var (before, after, fate) = Draw();
        await TurnsAsync(before);
        if (fate == Fate.FailedBefore) throw new IOException($"503 SlowDown: {key}");
        var result = await operation();
        await TurnsAsync(after);
        return fate == Fate.Lost ? throw Lose(key) : result;
    }

    private IOException Lose(ObjectKey key)
    {
        lock (_lock) LostAnswers++;
        return new IOException($"The connection was reset before the answer: {key}");
    }

    private (int Before, int After, Fate Fate) Draw()
    {
        lock (_lock)
        {
            var fate = _random.Next(24) switch { 0 => Fate.FailedBefore, 1 => Fate.Lost, 2 => Fate.RetriedByClient, 3 => Fate.Conflict, _ => Fate.Answered };
            return (_random.Next(6), _random.Next(6), fate);
        }
    }

    /// <summary>Others go first, some times.</summary>
    private static async ValueTask TurnsAsync(int turns)
    {
        for (var turn = 0; turn < turns; turn++) await Task.Yield();
    }

    private enum Fate
    {
        Answered,
        FailedBefore,
        Lost,
        RetriedByClient,
        Conflict,
    }
}
