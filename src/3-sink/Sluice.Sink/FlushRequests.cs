namespace Sluice.Sink;

/// <summary>Who waits for a partition to be written up to an offset, and the sleep that such a request ends.</summary>
internal sealed class FlushRequests
{
    private readonly Lock _lock = new();
    private readonly List<(long End, TaskCompletionSource Done)> _waiting = [];
    private CancellationTokenSource? _sleep;
    private SinkException? _stopped;
    private bool _isReleased;

    /// <summary>Asks for every record before <paramref name="end"/> to be written, and waits for it.</summary>
    public async Task AskAsync(long end, CancellationToken cancel)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_isReleased) return;
            if (_stopped is not null) throw _stopped;
            _waiting.Add((end, done));
            _sleep?.Cancel();
        }

        try
        {
            await done.Task.WaitAsync(cancel);
        }
        finally
        {
            lock (_lock) _waiting.RemoveAll(w => w.Done == done);
        }
    }

    /// <summary>Whether a request is met by writing everything before the offset.</summary>
    public bool AnyUpTo(long offset)
    {
        lock (_lock) return _waiting.Exists(w => w.End <= offset);
    }

    public void CompleteUpTo(long offset) => Take(w => w <= offset, done => done.TrySetResult());

    public void CompleteAll() => Take(_ => true, done => done.TrySetResult());

    public void FailAll(SinkException cause) => Take(_ => true, done => done.TrySetException(cause));

    /// <summary>Lets go whoever waits and whoever asks from here on: there is nothing to wait for.</summary>
    public void Release()
    {
        lock (_lock) _isReleased = true;
        CompleteAll();
    }

    /// <summary>Fails whoever waits and whoever asks from here on.</summary>
    public void Stop(SinkException cause)
    {
        lock (_lock) _stopped = cause;
        FailAll(cause);
    }

    /// <summary>Waits for something, a time, or a request, whichever comes first; not at all when a request is waiting.</summary>
    public async Task SleepAsync(Func<CancellationToken, Task> something, TimeSpan? atMost, TimeProvider time, CancellationToken cancel)
    {
        using var limit = atMost is { } span ? new CancellationTokenSource(span, time) : new CancellationTokenSource();
        using var sleep = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        lock (_lock)
        {
            if (_waiting.Count > 0) return;
            _sleep = sleep;
        }

        try
        {
            var wait = something(sleep.Token);
            await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancel.ThrowIfCancellationRequested();
            if (wait.IsFaulted) await wait;
        }
        finally
        {
            lock (_lock) _sleep = null;
        }
    }

    private void Take(Predicate<long> ends, Action<TaskCompletionSource> finish)
    {
        lock (_lock)
        {
            foreach (var (end, done) in _waiting)
            {
                if (ends(end)) finish(done);
            }

            _waiting.RemoveAll(w => ends(w.End));
        }
    }
}
