using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>
/// Who subscribes to which shard. A consumer has one subscription to a shard: within five seconds another is refused, after that it
/// takes over and the older one ends.
/// </summary>
internal sealed class Subscriptions(TimeProvider time)
{
    /// <summary>Ended subscriptions remembered before they are looked through: a thousand, far more than begin in five seconds.</summary>
    private const int RememberedMax = 1000;

    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly Dictionary<(Guid Stream, string Consumer, int Shard), Subscription> _subscriptions = [];

    /// <summary>The new subscription; null when the last one is too young. <see cref="End"/> ends it.</summary>
    public Subscription? TryBegin(StreamDescription stream, StreamConsumer consumer, Shard shard)
    {
        var key = (stream.Topic.Id, consumer.Name, shard.Number);
        lock (_lock)
        {
            if (_subscriptions.Count >= RememberedMax) Forget();
            if (_subscriptions.TryGetValue(key, out var older))
            {
                if (!IsOld(older)) return null;
                older.Replace();
            }

            var fresh = new Subscription(time.GetTimestamp());
            _subscriptions[key] = fresh;
            return fresh;
        }
    }

    /// <summary>Completes when subscriptions are to end because the endpoint stops.</summary>
    public Task HaveStopped => _stopped.Task;

    public void Stop() => _stopped.TrySetResult();

    public void End(Subscription subscription)
    {
        lock (_lock) subscription.HasEnded = true;
    }

    private bool IsOld(Subscription subscription) => time.GetElapsedTime(subscription.StartedAt) >= KinesisLimits.SubscriptionHold;

    private void Forget()
    {
        foreach (var (key, subscription) in _subscriptions)
        {
            if (subscription.HasEnded && IsOld(subscription)) _subscriptions.Remove(key);
        }
    }
}

/// <summary>A subscription that was granted.</summary>
internal sealed class Subscription(long startedAt)
{
    private readonly TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long StartedAt => startedAt;

    public bool HasEnded { get; set; }

    /// <summary>Completes when another subscription takes over.</summary>
    public Task Replaced => _replaced.Task;

    public void Replace() => _replaced.TrySetResult();
}
