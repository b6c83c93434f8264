namespace Sluice.Kinesis.Wire;

/// <summary>
/// Bounds the memory of large requests and answers. Who finds too little waits, first come first served; who finds too many waiting
/// is turned away.
/// </summary>
internal sealed class ByteBudget(long bytesMax, int waitersMax)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Granted)> _waiting = [];
    private long _free = bytesMax;

    /// <summary>Takes bytes, at most the whole budget; false when too many wait. <see cref="Return"/> gives the same number back.</summary>
    public async ValueTask<bool> TakeAsync(long bytes, CancellationToken cancel)
    {
        LinkedListNode<(long Bytes, TaskCompletionSource Granted)> place;
        lock (_lock)
        {
            if (_waiting.Count == 0 && bytes <= _free)
            {
                _free -= bytes;
                return true;
            }

            if (_waiting.Count >= waitersMax) return false;
            place = _waiting.AddLast((bytes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        try
        {
            await place.Value.Granted.Task.WaitAsync(cancel);
            return true;
        }
        catch (OperationCanceledException)
        {
            Leave(place);
            throw;
        }
    }

    public void Return(long bytes)
    {
        lock (_lock)
        {
            _free += bytes;
            Grant();
        }
    }

    private void Leave(LinkedListNode<(long Bytes, TaskCompletionSource Granted)> place)
    {
        lock (_lock)
        {
            // Granted at the moment of the cancellation, the bytes go back; still waiting, the place goes.
            if (place.List is null) _free += place.Value.Bytes;
            else _waiting.Remove(place);
            Grant();
        }
    }

    private void Grant()
    {
        while (_waiting.First is { } first && first.Value.Bytes <= _free)
        {
            _free -= first.Value.Bytes;
            _waiting.RemoveFirst();
            first.Value.Granted.SetResult();
        }
    }
}
