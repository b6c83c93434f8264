using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Log.Producers;
using Sluice.Log.Records;
using Sluice.Log.Segments;
using Sluice.Log.Topics;

namespace Sluice.Log.Partitions;

/// <summary>What a partition's writer is made with. The buffer is shared by the partitions of a thread and empty between rounds.</summary>
internal sealed record PartitionSettings(
    string Directory, Guid TopicId, TopicConfig Config, Durability Durability, LogLimits Limits, ByteWriter Buffer);

/// <summary>
/// The writing side of a partition. All of it runs on the one writer thread the partition belongs to: it drains the queue, writes,
/// syncs once for all that waited, and only then lets readers and callers know.
/// </summary>
internal sealed partial class PartitionWriter
{
    private readonly Partition _partition;
    private readonly PartitionSettings _settings;
    private readonly PartitionStorage _storage;
    private readonly List<PendingAppend> _inFlight = [];
    private readonly ByteWriter _buffer;
    private readonly ProducerStates _producers;
    private Segment _segment;
    private SegmentIndex _index;
    private IFile _file;
    private PartitionCheckpoint _checkpoint;
    private TopicConfig _config;
    private long _position;
    private long _bufferPosition;
    private long _nextOffset;
    private long? _segmentSinceMs;
    private bool _unsynced;
    private bool _hasMarker;
    private bool _stopped;

    public PartitionWriter(Partition partition, PartitionSettings settings, PartitionStorage storage, PartitionRecovery.Recovered recovered)
    {
        _partition = partition;
        _settings = settings;
        _storage = storage;
        _buffer = settings.Buffer;
        _config = settings.Config;
        _segment = recovered.Segments[^1];
        _index = recovered.OpenIndex;
        _position = _bufferPosition = _roundFrom = recovered.Bytes;
        _nextOffset = recovered.EndOffset;
        _checkpoint = recovered.Checkpoint;
        _producers = recovered.Producers;
        _file = storage.Files.Open(_segment.Name.LogPath, FileOpen.ReadWrite);
        _segmentSinceMs = FirstTimestamp();
    }

    public Partition Partition => _partition;

    /// <summary>Writes all that waits. <see cref="Publish"/> has to follow; between the two other partitions may write.</summary>
    public void Write()
    {
        _partition.Queue.Drain(_inFlight);
        if (_stopped || _inFlight.Count == 0) return;
        _buffer.Reset();
        var nowMs = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var append in _inFlight) Write(append, nowMs);
        FlushBuffer();
    }

    /// <summary>Syncs what was written as the durability asks, moves the end and answers the callers.</summary>
    public void Publish()
    {
        if (_inFlight.Count == 0) return;
        if (!_stopped)
        {
            // The coordinator forgets, durably, that a partition had a transaction as soon as its marker is answered.
            if (_settings.Durability == Durability.Fsync || _hasMarker) Sync();
            _hasMarker = false;
            _segment.Publish(_position);
            _partition.SetEnd(_nextOffset, _producers.LastStable(_nextOffset));
        }

        Answer(_stopped ? AppendError.StorageError : AppendError.None);
        if (!_stopped && _position - _checkpoint.Position >= _settings.Limits.CheckpointBytes) Checkpoint();
    }

    /// <summary>Brings to disk what <see cref="Durability.Interval"/> left in memory.</summary>
    public void Sync()
    {
        if (_stopped || !_unsynced) return;
        _file.Sync();
        _unsynced = false;
    }

    /// <summary>
    /// A failed write or sync says nothing about what is on disk, and a second sync may succeed without the bytes of the first. So the
    /// partition takes no more records until it is opened and recovered again.
    /// </summary>
    public void Stop(Exception fault)
    {
        if (_stopped) return;
        _stopped = true;
        Stopped(_storage.Logger, fault, _partition.Name);
        _partition.Queue.Close(AppendError.StorageError);
        Answer(AppendError.StorageError);
    }

    /// <summary>Ends the partition: what waits is written, the files are complete, the next start has nothing to recover.</summary>
    public void Close()
    {
        _partition.Queue.Close(AppendError.StorageError);
        try
        {
            Write();
            Publish();
            if (!_stopped) CutRoom();
            if (!_stopped) Checkpoint();
        }
        catch (Exception fault)
        {
            // Before the partition counts as ended: what waits is answered, and the failure is told.
            Stop(fault);
            throw;
        }
        finally
        {
            _stopped = true;
            _file.Dispose();
        }
    }

    /// <summary>
    /// Takes no more appends. Those that were queued before are written and answered, so the end is final when this returns; it is
    /// durable whatever the durability asks, because children of the shard may be read only behind it.
    /// </summary>
    public void Seal()
    {
        _partition.Queue.Close(AppendError.PartitionClosed);
        Write();
        Publish();
        if (!_stopped) Checkpoint();
    }

    /// <summary>Works with changed configs from here on.</summary>
    public void Configure(TopicConfig config) => _config = config;

    public bool IsStopped => _stopped;

    /// <summary>The producers that the partition knows.</summary>
    public ActiveProducer[] DescribeProducers() => _producers.Describe();

    /// <summary>The transactions that are open in the partition.</summary>
    public IEnumerable<OpenTransaction> OpenTransactions() =>
        _producers.Open().Select(o => new OpenTransaction(new TransactionPartition(_partition.Name, _settings.TopicId), o.ProducerId, o.Epoch, o.FirstOffset));

    /// <summary>Ends the partition because its topic is deleted; what waits is refused.</summary>
    public void Abandon()
    {
        _partition.Queue.Close(AppendError.UnknownTopicOrPartition);
        _partition.Queue.Drain(_inFlight);
        Answer(AppendError.UnknownTopicOrPartition);
        _stopped = true;
        _file.Dispose();
    }

    private void Write(PendingAppend append, long nowMs)
    {
        if (append.Batch.Marker is not null ? !IsNeeded(append) : append.Batch.Producer.IsIdempotent && !IsNext(append)) return;
        var bytes = append.Bytes.Span;
        if (MustRoll(bytes.Length, append.Batch.LastOffsetDelta, nowMs)) Roll();
        if (_buffer.Length > 0 && _buffer.Length + bytes.Length > _settings.Limits.WriteBytesMax) FlushBuffer();
        var start = _buffer.Length;
        _buffer.Write(bytes);
        var batch = _buffer.WrittenSpan[start..];
        append.BaseOffset = _nextOffset;
        RecordBatchHeader.Assign(batch, _nextOffset);
        var maxTimestampMs = append.Batch.MaxTimestampMs;
        if (_config.LogAppendTime)
        {
            RecordBatchHeader.StampAppendTime(batch, maxTimestampMs = nowMs);
            append.AppendTimeMs = nowMs;
        }
        else if (append.Batch.MaxTimestampIsWrong) RecordBatchHeader.SetMaxTimestamp(batch, maxTimestampMs);
        _index.Add(_nextOffset + append.Batch.LastOffsetDelta, (int)_position, bytes.Length, maxTimestampMs);
        if (append.Batch.Marker is { } marker)
        {
            _producers.End(marker, _nextOffset, nowMs);
            _hasMarker = true;
        }
        else if (append.Batch.Producer.IsIdempotent) _producers.Add(append.Batch, _nextOffset, nowMs);
        _segmentSinceMs ??= nowMs;
        _nextOffset += append.Batch.LastOffsetDelta + 1;
        _position += bytes.Length;
    }

    /// <summary>
    /// Whether the batch continues its producer's sequence. A copy of a stored one is answered like it, with this round: the first may be
    /// part of this round too, and is not durable before its end.
    /// </summary>
    private bool IsNext(PendingAppend append)
    {
        append.Refusal = _producers.Check(append.Batch, out var storedAt);
        if (storedAt is { } offset) append.BaseOffset = offset;
        return append.Refusal == AppendError.None && storedAt is null;
    }

    private bool IsNeeded(PendingAppend append)
    {
        append.Refusal = _producers.Check(append.Batch.Marker!.Value, out var isNeeded);
        append.BaseOffset = _nextOffset;
        return isNeeded;
    }

    private void FlushBuffer()
    {
        if (_buffer.Length == 0) return;
        _unsynced = true;
        _file.Write(_buffer.WrittenSpan, _bufferPosition);
        _bufferPosition = _position;
        _buffer.Reset();
    }

    private void Answer(AppendError error)
    {
        foreach (var append in _inFlight) append.Complete(error);
        _inFlight.Clear();
    }

    private long? FirstTimestamp()
    {
        Span<byte> bytes = stackalloc byte[RecordBatchHeader.Size];
        if (_file.Read(bytes, 0) < bytes.Length || !RecordBatchHeader.TryRead(bytes, out var first)) return null;
        var nowMs = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return first.MaxTimestampMs < 0 ? nowMs : Math.Min(nowMs, first.MaxTimestampMs);
    }

    [LoggerMessage(110, LogLevel.Error, "Partition {Partition} stopped after its storage failed; it recovers when the log is opened again")]
    private static partial void Stopped(ILogger logger, Exception fault, TopicPartition partition);
}
