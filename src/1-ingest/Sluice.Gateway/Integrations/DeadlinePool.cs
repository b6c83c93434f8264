using System.Collections.Concurrent;

namespace Sluice.Gateway.Integrations;

/// <summary>Keeps the timers of integrations for the next request: most requests end long before theirs fires.</summary>
internal sealed class DeadlinePool(TimeSpan timeout, TimeProvider time)
{
    private const int KeptMax = 1024;

    private readonly ConcurrentBag<CancellationTokenSource> _kept = [];
    private int _count;

    public CancellationTokenSource Start()
    {
        if (!_kept.TryTake(out var deadline)) return new CancellationTokenSource(timeout, time);
        Interlocked.Decrement(ref _count);
        deadline.CancelAfter(timeout);
        return deadline;
    }

    public void End(CancellationTokenSource deadline)
    {
        if (deadline.TryReset() && Interlocked.Increment(ref _count) <= KeptMax)
        {
            _kept.Add(deadline);
            return;
        }

        deadline.Dispose();
    }
}
