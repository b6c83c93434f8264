using System.Buffers;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>What became of a record.</summary>
internal enum PutOutcome : byte
{
    /// <summary>Not yet given to the log, or given to a shard that had closed.</summary>
    Pending,
    Stored,
    Throttled,
    Failed,
}

/// <summary>A record of a put and, later, where it went.</summary>
internal struct PutEntry
{
    public BodySlice Data;
    public BodySlice Key;
    public BodySlice ExplicitHashKey;
    public UInt128 HashKey;
    public PutOutcome Outcome;
    public int Batch;
    public int Position;
    public Shard Shard;
    public SequenceNumber Number;

    /// <summary>What AWS counts: data and partition key.</summary>
    public readonly int SizeBytes => Math.Max(0, Data.Length) + Math.Max(0, Key.Length);
}

/// <summary>Records of one request that go to one shard in one append.</summary>
internal sealed class ShardBatch
{
    public RecordBatchBuilder Builder { get; } = new();

    public Shard Shard { get; private set; } = null!;

    public AppendResult Result { get; set; }

    public void Begin(Shard shard)
    {
        Builder.Reset();
        Shard = shard;
        Result = default;
    }
}

/// <summary>The records and batches of one request, kept for the next one.</summary>
internal sealed class PutState : IDisposable
{
    private const int EntriesKept = 1024;
    private const int BatchesKept = 16;
    private const int BatchBytesKept = 64 << 10;
    private readonly List<ShardBatch> _batches = [];
    private PutEntry[] _entries = [];
    private int[] _open = [];
    private int _batchesUsed;

    public int Count { get; private set; }

    public Span<PutEntry> Entries => _entries.AsSpan(0, Count);

    public int BatchCount { get; private set; }

    public bool IsSmall => Count <= EntriesKept && _batchesUsed <= BatchesKept && _batches.TrueForAll(b => b.Builder.SizeBytes <= BatchBytesKept);

    public ShardBatch BatchAt(int index) => _batches[index];

    public void Add(in PutEntry entry)
    {
        if (Count == _entries.Length)
        {
            var larger = new PutEntry[Math.Max(1, Count * 2)];
            Entries.CopyTo(larger);
            _entries = larger;
        }

        _entries[Count++] = entry;
    }

    /// <summary>Starts the batches anew; for each shard the index of the batch being filled, -1 where there is none.</summary>
    public Span<int> BeginBatches(int shards)
    {
        BatchCount = 0;
        if (_open.Length < shards) _open = new int[shards];
        var open = _open.AsSpan(0, shards);
        open.Fill(-1);
        return open;
    }

    public int BeginBatch(Shard shard)
    {
        if (BatchCount == _batches.Count) _batches.Add(new ShardBatch());
        _batches[BatchCount].Begin(shard);
        _batchesUsed = Math.Max(_batchesUsed, BatchCount + 1);
        return BatchCount++;
    }

    public void Reset()
    {
        Entries.Clear();
        Count = 0;
        BatchCount = 0;
    }

    public void Dispose()
    {
        Reset();
        foreach (var batch in _batches) batch.Builder.Release();
        _batches.Clear();
        _batchesUsed = 0;
        _entries = [];
    }
}
