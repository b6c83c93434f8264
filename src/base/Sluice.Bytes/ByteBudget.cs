namespace Sluice.Bytes;

/// <summary>
/// Bytes of memory that many requests share. Who wants more than is left waits its turn, first come first served; a wish beyond the whole
/// budget is cut to it. Safe for many threads.
/// </summary>
public sealed class ByteBudget
{
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Granted)> _waiting = new();
    private readonly long _bytesMax;
    private readonly int _waitersMax;
    private long _left;

    /// <param name="waitersMax">How many may wait; who comes then is turned away.</param>
    public ByteBudget(long bytesMax, int waitersMax = int.MaxValue)
    {
        _left = _bytesMax = bytesMax;
        _waitersMax = waitersMax;
    }

    /// <summary>Takes bytes, in the order of the calls.</summary>
    /// <returns>What has to be given back to <see cref="Return"/>; null when too many wait, and nothing was taken.</returns>
    public async ValueTask<long?> TakeAsync(long bytes, CancellationToken cancel)
    {
        bytes = Math.Min(bytes, _bytesMax);
        LinkedListNode<(long Bytes, TaskCompletionSource Granted)> place;
        lock (_lock)
        {
            if (_waiting.Count == 0 && _left >= bytes)
            {
                _left -= bytes;
                return bytes;
            }

            if (_waiting.Count >= _waitersMax) return null;
            place = _waiting.AddLast((bytes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        try
        {
            await place.Value.Granted.Task.WaitAsync(cancel);
            return bytes;
        }
        catch (OperationCanceledException)
        {
            Leave(place);
            throw;
        }
    }

    /// <summary>
    /// Takes at once what is wanted, or a quarter of what is left when that is less: who comes later finds some too. A small share is
    /// given even when nothing is left.
    /// </summary>
    /// <returns>What was taken, to be given back to <see cref="Return"/>.</returns>
    public long TakeShare(long wanted)
    {
        const long LeastBytes = 64 << 10;
        lock (_lock)
        {
            var share = Math.Min(wanted, Math.Max(LeastBytes, _left / 4));
            _left -= share;
            return share;
        }
    }

    public void Return(long bytes)
    {
        lock (_lock)
        {
            _left += bytes;
            Grant();
        }
    }

    private void Leave(LinkedListNode<(long Bytes, TaskCompletionSource Granted)> place)
    {
        lock (_lock)
        {
            // Granted at the moment of the cancellation, the bytes go back; still waiting, the place goes.
            if (place.List is not null) _waiting.Remove(place);
            else _left += place.Value.Bytes;
            Grant();
        }
    }

    private void Grant()
    {
        while (_waiting.First is { } first && _left >= first.Value.Bytes)
        {
            _left -= first.Value.Bytes;
            _waiting.RemoveFirst();
            first.Value.Granted.TrySetResult();
        }
    }
}
