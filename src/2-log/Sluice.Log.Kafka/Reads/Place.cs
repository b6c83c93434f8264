using Confluent.Kafka;

namespace Sluice.Log.Kafka.Reads;

/// <summary>What taking records at an offset came to.</summary>
internal enum Taking
{
    /// <summary>There are records.</summary>
    Records,

    /// <summary>The partition ended here when it was last looked at.</summary>
    End,

    /// <summary>Not known yet: wait for news.</summary>
    Nothing,

    /// <summary>Kafka refused; <see cref="Place.Fault"/> says why.</summary>
    Fault,

    /// <summary>The place was given up; ask for another.</summary>
    Closed,
}

/// <summary>
/// A place that a partition is read at: a window of fetched batches, which moves on. A lane fills it, any number of readers take from it.
/// </summary>
internal sealed class Place(TopicPartition partition, long from, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<Stretch> _window = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _first = from;
    private long _next = from;
    private long _bytes;
    private bool _isAtEnd;
    private bool _isClosed;
    private int _users;
    private long _usedAt = time.GetTimestamp();

    public TopicPartition Partition => partition;

    /// <summary>Where reading began.</summary>
    public long From { get; } = from;

    public Error? Fault { get; private set; }

    /// <summary>Whether fetching is paused; its lane's to change.</summary>
    public bool IsPaused { get; set; }

    /// <summary>The offset after what was fetched.</summary>
    public long Next
    {
        get
        {
            lock (_lock) return _next;
        }
    }

    public long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    /// <summary>How long no one has read or waited here; null while someone does.</summary>
    public TimeSpan? Silence
    {
        get
        {
            lock (_lock) return _users > 0 ? null : time.GetElapsedTime(_usedAt);
        }
    }

    /// <summary>Whether a reader at the offset is served from here.</summary>
    public bool Covers(long offset)
    {
        lock (_lock) return !_isClosed && Fault is null && offset >= _first && offset <= _next;
    }

    /// <summary>Batches from the one that holds the offset on, up to so many bytes and at least one; keeps no more than so many behind the reader.</summary>
    public Taking Take(long offset, int bytesMax, long keepBytes, out ReadOnlyMemory<byte> bytes, out Task news)
    {
        lock (_lock)
        {
            bytes = default;
            news = _news.Task;
            if (_isClosed || offset < _first) return Taking.Closed;
            Drop(offset, keepBytes);
            if (offset < _next)
            {
                bytes = Gather(offset, bytesMax);
                return Taking.Records;
            }

            return Fault is not null ? Taking.Fault : _isAtEnd ? Taking.End : Taking.Nothing;
        }
    }

    /// <summary>A reader comes. Until it leaves, the place is not given to others.</summary>
    public void Enter()
    {
        lock (_lock) _users++;
    }

    /// <summary>A reader leaves; whether it was the last one.</summary>
    public bool Leave()
    {
        lock (_lock)
        {
            _usedAt = time.GetTimestamp();
            return --_users == 0;
        }
    }

    /// <summary>Completes when there is a record at the offset or behind it, or there will be none here.</summary>
    public async Task WaitAsync(long offset, CancellationToken cancel)
    {
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_next > offset || _isClosed || Fault is not null) return;
                news = _news.Task;
            }

            await news.WaitAsync(cancel);
        }
    }

    /// <summary>Takes a fetched batch, which begins at <see cref="Next"/> or beyond it.</summary>
    public void Add(Stretch stretch)
    {
        lock (_lock)
        {
            _window.Enqueue(stretch);
            _bytes += stretch.Bytes.Length;
            _next = stretch.Next;
            _isAtEnd = false;
            Tell();
        }
    }

    /// <summary>Learns that there is no record at the offset or behind it.</summary>
    public void EndAt(long offset)
    {
        lock (_lock)
        {
            if (offset > _next)
            {
                var gap = Stretch.Empty(_next, offset);
                _window.Enqueue(gap);
                _bytes += gap.Bytes.Length;
                _next = offset;
            }

            _isAtEnd = true;
            Tell();
        }
    }

    public void Fail(Error error)
    {
        lock (_lock)
        {
            Fault ??= error;
            Tell();
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _window.Clear();
            _bytes = 0;
            Tell();
        }
    }

    private void Tell()
    {
        _news.TrySetResult();
        _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Forgets what lies before the offset, as far as others may not need it: the eldest first, down to the bytes to keep.</summary>
    private void Drop(long offset, long keepBytes)
    {
        while (_bytes > keepBytes && _window.TryPeek(out var eldest) && eldest.Next <= offset)
        {
            _window.Dequeue();
            _bytes -= eldest.Bytes.Length;
            _first = eldest.Next;
        }
    }

    private ReadOnlyMemory<byte> Gather(long offset, int bytesMax)
    {
        var taken = new List<byte[]>();
        var size = 0;
        foreach (var stretch in _window)
        {
            if (stretch.Next <= offset) continue;
            if (taken.Count > 0 && size + stretch.Bytes.Length > bytesMax) break;
            taken.Add(stretch.Bytes);
            size += stretch.Bytes.Length;
        }

        if (taken.Count == 1) return taken[0];
        var all = new byte[size];
        var at = 0;
        foreach (var bytes in taken)
        {
            bytes.CopyTo(all, at);
            at += bytes.Length;
        }

        return all;
    }
}
