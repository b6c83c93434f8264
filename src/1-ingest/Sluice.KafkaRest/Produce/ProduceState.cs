using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.ObjectPool;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Produce;

/// <summary>Where a key or value lies in the body; length -1 is null.</summary>
internal readonly record struct BodySlice(int Start, int Length)
{
    public static readonly BodySlice Null = new(0, -1);

    public bool IsNull => Length < 0;
}

/// <summary>Why a record was refused before the log saw it.</summary>
internal enum RecordFault : byte
{
    None,
    TooLarge,
    UnknownPartition,
}

/// <summary>One record of a produce request and, later, where it went.</summary>
internal struct ProduceRecord
{
    public const int NoPartition = -1;

    public BodySlice Key;
    public BodySlice Value;
    public int Partition;
    public RecordFault Fault;
    public int Batch;
    public int Position;
}

/// <summary>The records of one request that go to one partition in one append.</summary>
internal sealed class PartitionBatch
{
    public RecordBatchBuilder Builder { get; } = new();

    public int Partition { get; private set; }

    public AppendResult Result { get; set; }

    public void Begin(int partition)
    {
        Builder.Reset();
        Partition = partition;
        Result = default;
    }
}

/// <summary>The buffers of one produce request, kept for the next one.</summary>
internal sealed class ProduceState : IDisposable
{
    private readonly List<PartitionBatch> _batches = [];
    private byte[] _body = [];
    private ProduceRecord[] _records = [];
    private int[] _openBatches = [];
    private long _reserved;
    private RequestBudget? _budget;

    public ProduceState() => Writer = new Utf8JsonWriter(Response, RestResponse.JsonOptions);

    public int BodyLength { get; private set; }

    public Span<byte> Body => _body.AsSpan(0, BodyLength);

    public int BodyCapacity => _body.Length;

    public int RecordCount { get; private set; }

    public Span<ProduceRecord> Records => _records.AsSpan(0, RecordCount);

    public int BatchCount { get; private set; }

    public ArrayBufferWriter<byte> Response { get; } = new();

    public Utf8JsonWriter Writer { get; }

    public PartitionBatch BatchAt(int index) => _batches[index];

    public bool HasKeySchema { get; set; }

    public bool HasValueSchema { get; set; }

    /// <summary>Makes room for this many body bytes; false when the budget for large bodies is used up.</summary>
    public bool TryReserve(int bytes, int freeOfCharge, RequestBudget budget)
    {
        if (bytes <= _body.Length) return true;
        if (bytes > freeOfCharge)
        {
            if (!budget.TryTake(bytes - _reserved)) return false;
            _budget = budget;
            _reserved = bytes;
        }

        var larger = ArrayPool<byte>.Shared.Rent(bytes);
        Body.CopyTo(larger);
        if (_body.Length > 0) ArrayPool<byte>.Shared.Return(_body);
        _body = larger;
        return true;
    }

    public void AddBody(in ReadOnlySequence<byte> bytes)
    {
        bytes.CopyTo(_body.AsSpan(BodyLength));
        BodyLength += (int)bytes.Length;
    }

    public void AddRecord(in ProduceRecord record)
    {
        if (RecordCount == _records.Length)
        {
            var larger = ArrayPool<ProduceRecord>.Shared.Rent(Math.Max(16, RecordCount * 2));
            Records.CopyTo(larger);
            if (_records.Length > 0) ArrayPool<ProduceRecord>.Shared.Return(_records);
            _records = larger;
        }

        _records[RecordCount++] = record;
    }

    public RecordBytes BytesOf(BodySlice slice) =>
        slice.IsNull ? RecordBytes.Null : RecordBytes.Of(_body.AsSpan(slice.Start, slice.Length));

    /// <summary>For each partition the index of the batch being filled; -1 where there is none.</summary>
    public Span<int> OpenBatches(int partitionCount)
    {
        if (_openBatches.Length < partitionCount) _openBatches = new int[partitionCount];
        var open = _openBatches.AsSpan(0, partitionCount);
        open.Fill(-1);
        return open;
    }

    public int BeginBatch(int partition)
    {
        if (BatchCount == _batches.Count) _batches.Add(new PartitionBatch());
        _batches[BatchCount].Begin(partition);
        return BatchCount++;
    }

    public void Reset()
    {
        BodyLength = 0;
        RecordCount = 0;
        BatchCount = 0;
        HasKeySchema = false;
        HasValueSchema = false;
        Response.ResetWrittenCount();
        Writer.Reset();
        _budget?.Return(_reserved);
        _budget = null;
        _reserved = 0;
    }

    public void Dispose()
    {
        Reset();
        Writer.Dispose();
        foreach (var batch in _batches) batch.Builder.Release();
        if (_body.Length > 0) ArrayPool<byte>.Shared.Return(_body);
        if (_records.Length > 0) ArrayPool<ProduceRecord>.Shared.Return(_records);
        _body = [];
        _records = [];
    }
}

/// <summary>Keeps the states of requests of the usual sizes; those of large requests give their memory back.</summary>
internal sealed class ProduceStatePool(KafkaRestOptions options)
{
    private const int StatesPerProcessor = 16;

    private readonly DefaultObjectPool<ProduceState> _pool =
        new(new KeepSmall(options.KeptRequestBytes), Environment.ProcessorCount * StatesPerProcessor);

    public ProduceState Rent() => _pool.Get();

    public void GiveBack(ProduceState state) => _pool.Return(state);

    private sealed class KeepSmall(int bodyBytesMax) : PooledObjectPolicy<ProduceState>
    {
        private const int BatchesMax = 16;
        private const int RecordsMax = 1024;

        public override ProduceState Create() => new();

        public override bool Return(ProduceState obj)
        {
            var isSmall = obj.BodyCapacity <= bodyBytesMax && obj.BatchCount <= BatchesMax && obj.RecordCount <= RecordsMax;
            if (isSmall) obj.Reset();
            else obj.Dispose();
            return isSmall;
        }
    }
}
