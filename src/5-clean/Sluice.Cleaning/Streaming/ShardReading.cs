using Sluice.Log;

namespace Sluice.Cleaning.Streaming;

/// <summary>One shard while it is read: how far, and what was read and is not taken yet.</summary>
internal sealed class ShardReading(PartitionDescription description, long next)
{
    private List<ShardRecord> _records = [];

    public PartitionDescription Description { get; set; } = description;

    public int Partition => Description.Partition;

    /// <summary>The next offset to read.</summary>
    public long Next { get; set; } = next;

    /// <summary>Whether it is closed and read to its end.</summary>
    public bool IsFinished { get; set; }

    /// <summary>Completes when there is something to read; null when there may be.</summary>
    public Task? News { get; set; }

    /// <summary>Whether it was read to its end, and no news has come since.</summary>
    public bool IsAsleep => News is { IsCompleted: false };

    /// <summary>Offset up to which the last taken records reached; the position that the batch at hand is to commit.</summary>
    public long Taken { get; private set; } = next;

    public void Add(long offset, ReadOnlySpan<byte> value)
    {
        // A copy of each: it must outlive the fetched batches, which are far larger than what a commit takes of them when a limit cuts.
        _records.Add(new ShardRecord(offset, value.ToArray()));
    }

    /// <summary>The records read since the last call.</summary>
    public IReadOnlyList<ShardRecord> Take()
    {
        Taken = Next;
        if (_records.Count == 0) return [];
        var records = _records;
        _records = [];
        return records;
    }
}

internal readonly record struct ShardRecord(long Offset, byte[] Value);
