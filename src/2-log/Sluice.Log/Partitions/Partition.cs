using Sluice.Log.Segments;

namespace Sluice.Log.Partitions;

/// <summary>
/// What callers share of a partition: the queue into it, and the segments and offsets that readers may see. Only the partition's
/// <see cref="PartitionWriter"/> changes them.
/// </summary>
internal sealed class Partition(TopicPartition name, AppendQueue queue, IEnumerable<Segment> segments, Watermarks watermarks)
{
    private Segment[] _segments = segments.ToArray();
    private TaskCompletionSource? _moved;
    private long _start = watermarks.Start;
    private long _lastStable = watermarks.LastStable;
    private long _end = watermarks.End;
    private readonly Lock _swapping = new();
    // Odd while a swap is under way.
    private long _swaps;
    private bool _gone;
    private bool _closed;

    public TopicPartition Name => name;

    public AppendQueue Queue => queue;

    /// <summary>In order of their offsets, never empty, the last one open.</summary>
    public Segment[] Segments => Volatile.Read(ref _segments);

    public Watermarks Watermarks
    {
        get
        {
            // Each of them only grows and never passes the next, so reading them in this order keeps them in order.
            var start = Volatile.Read(ref _start);
            var lastStable = Volatile.Read(ref _lastStable);
            var end = Volatile.Read(ref _end);
            // Retention does not wait for transactions.
            return new Watermarks(start, Math.Max(start, lastStable), Math.Max(start, end));
        }
    }

    /// <summary>The offsets of who reads what is committed.</summary>
    public PartitionOffsets Offsets
    {
        get
        {
            var marks = Watermarks;
            return new PartitionOffsets(marks.Start, marks.LastStable);
        }
    }

    /// <summary>
    /// Files are exchanged from here to <see cref="EndSwap"/>, under names that stay. A read that meets it may have taken an index from one
    /// side and records from the other, and is done again.
    /// </summary>
    public void BeginSwap()
    {
        _swapping.Enter();
        Interlocked.Increment(ref _swaps);
    }

    /// <inheritdoc cref="BeginSwap"/>
    public void EndSwap()
    {
        Interlocked.Increment(ref _swaps);
        _swapping.Exit();
    }

    /// <summary>The number of this read's side of the swaps, for <see cref="IsSwapped"/>; waits while one is under way.</summary>
    public long AwaitSwap()
    {
        var swaps = Volatile.Read(ref _swaps);
        if (swaps % 2 == 0) return swaps;
        lock (_swapping) return Volatile.Read(ref _swaps);
    }

    /// <summary>Whether files were exchanged since.</summary>
    public bool IsSwapped(long since)
    {
        // What was read before has to be read before this.
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref _swaps) != since;
    }

    public void SetSegments(IEnumerable<Segment> segments) => Volatile.Write(ref _segments, segments.ToArray());

    public void SetStart(long offset) => Volatile.Write(ref _start, offset);

    /// <summary>Makes records visible to readers and wakes those that wait for them.</summary>
    public void SetEnd(long offset, long lastStable)
    {
        Volatile.Write(ref _end, offset);
        Volatile.Write(ref _lastStable, lastStable);
        // Against the waiter that stores its source and then looks at the end: one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _moved) is not null) Interlocked.Exchange(ref _moved, null)?.TrySetResult();
    }

    /// <summary>Its topic was deleted, or the log closed.</summary>
    public bool IsGone => Volatile.Read(ref _gone);

    /// <summary>Ends all waiting: the partition is deleted or the log is closed.</summary>
    public void Leave()
    {
        Volatile.Write(ref _gone, true);
        Interlocked.MemoryBarrier();
        Interlocked.Exchange(ref _moved, null)?.TrySetResult();
    }

    /// <summary>It is a shard that was split or merged: nothing comes behind its end, so nobody waits for it.</summary>
    public void Close()
    {
        queue.Close(AppendError.PartitionClosed);
        Volatile.Write(ref _closed, true);
        Interlocked.MemoryBarrier();
        Interlocked.Exchange(ref _moved, null)?.TrySetResult();
    }

    /// <exception cref="UnknownTopicPartitionException">The partition was deleted, or its log closed, meanwhile.</exception>
    public async ValueTask WaitBeyondAsync(long offset, ReadIsolation isolation, CancellationToken cancel)
    {
        while (Watermarks.EndFor(isolation) <= offset)
        {
            var moved = Volatile.Read(ref _moved);
            if (moved is null)
            {
                var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                moved = Interlocked.CompareExchange(ref _moved, fresh, null) ?? fresh;
            }

            Interlocked.MemoryBarrier();
            if (IsGone) throw new UnknownTopicPartitionException(name);
            if (Watermarks.EndFor(isolation) > offset || Volatile.Read(ref _closed)) return;
            await moved.Task.WaitAsync(cancel);
        }
    }
}
