using Sluice.Log.Records;

namespace Sluice.Log.Partitions;

/// <summary>The appends that wait for a partition's writer, bounded by count and bytes.</summary>
internal sealed class AppendQueue(int countMax, long bytesMax)
{
    private readonly Lock _lock = new();
    private readonly Stack<PendingAppend> _free = new();
    private readonly List<PendingAppend> _waiting = [];
    private long _waitingBytes;
    private AppendError _closed;
    private bool _writerKnows;

    /// <summary>
    /// Takes a batch, or says why not. <paramref name="wakeWriter"/> is set when nothing waited before, so the writer has to be told.
    /// </summary>
    public AppendError TryEnqueue(
        ReadOnlyMemory<byte> bytes, in CheckedBatch batch, out ValueTask<AppendResult> task, out bool wakeWriter)
    {
        task = default;
        wakeWriter = false;
        lock (_lock)
        {
            if (_closed != AppendError.None) return _closed;
            // A batch beyond the bound still passes when it is alone: max.message.bytes is its bound.
            var full = _waiting.Count >= countMax || (_waiting.Count > 0 && _waitingBytes + bytes.Length > bytesMax);
            if (full) return AppendError.Busy;
            if (!_free.TryPop(out var pending)) pending = new PendingAppend(this);
            pending.Begin(bytes, batch);
            task = pending.Task;
            _waiting.Add(pending);
            _waitingBytes += bytes.Length;
            wakeWriter = !_writerKnows;
            _writerKnows = true;
            return AppendError.None;
        }
    }

    /// <summary>Moves everything that waits to the writer's list.</summary>
    public void Drain(List<PendingAppend> into)
    {
        lock (_lock)
        {
            into.AddRange(_waiting);
            _waiting.Clear();
            _waitingBytes = 0;
            _writerKnows = false;
        }
    }

    /// <summary>Refuses what comes from here on with this error; the first reason stays.</summary>
    public void Close(AppendError reason)
    {
        lock (_lock)
        {
            if (_closed == AppendError.None) _closed = reason;
        }
    }

    /// <summary>Takes appends again after it was closed with this error; closed for another reason it stays closed.</summary>
    public void Reopen(AppendError reason)
    {
        lock (_lock)
        {
            if (_closed == reason) _closed = AppendError.None;
        }
    }

    public void Return(PendingAppend pending)
    {
        lock (_lock)
        {
            if (_free.Count < countMax) _free.Push(pending);
        }
    }
}
