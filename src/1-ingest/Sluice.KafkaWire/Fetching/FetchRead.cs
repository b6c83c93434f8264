using System.Buffers.Binary;
using Sluice.Bytes;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Fetching;

/// <summary>What was found of a partition.</summary>
internal readonly record struct FetchedPartition(
    FetchPartition Asked, KafkaError Error, Watermarks Offsets, ReadOnlyMemory<byte> Batches, IReadOnlyList<AbortedTransaction> Aborted);

/// <summary>
/// One pass over the partitions of a request, into pooled memory that it has until it is disposed. A share of the bytes that all fetches
/// may take is its own from the beginning: reading before the share is known would let many at once pass the bound.
/// </summary>
internal sealed class FetchRead : IDisposable
{
    private const int LengthAt = 8;
    private const int LengthOverhead = 12;
    private const int AttributesAt = 21;
    private const int HeaderBytes = 61;
    private const int Zstd = 4;
    private static readonly Watermarks s_unknown = new(-1, -1, -1);

    private readonly KafkaCall _call;
    private readonly ReadIsolation _isolation;
    private readonly long _bytesMax;
    private readonly List<ByteWriter> _held = [];
    private readonly List<FetchedPartition> _told = [];
    private readonly List<(TopicPartition Partition, long End)> _ends = [];
    private ByteWriter? _spare;
    private FetchTopic? _topic;
    private string? _topicName;
    private long _share;

    public FetchRead(KafkaCall call, FetchRequest request)
    {
        _call = call;
        _isolation = request.Isolation;
        _share = _bytesMax = call.Broker.FetchBytes.TakeShare(Math.Clamp(request.BytesMax, 0, call.Broker.Limits.FetchBytesMax));
    }

    /// <summary>The partitions with records, with an error, or with offsets that the client was not told.</summary>
    public IReadOnlyList<FetchedPartition> Told => _told;

    /// <summary>Where the open partitions without an error end: beyond it is what a wait is for.</summary>
    public IReadOnlyList<(TopicPartition Partition, long End)> Ends => _ends;

    public long BytesRead { get; private set; }

    public bool HasError { get; private set; }

    public async ValueTask ReadAsync(FetchPartition[] partitions)
    {
        foreach (var asked in partitions)
        {
            if (asked.Topic != _topic)
            {
                _topicName = asked.Topic.Name ?? (await _call.Broker.Topics.FindAsync(asked.Topic.Id, _call.Cancel))?.Name;
                _topic = asked.Topic;
            }

            var found = _topicName is null ? Refused(asked, KafkaError.UnknownTopicId, s_unknown) : await ReadAsync(_topicName, asked);
            var isNews = found.Offsets.End != asked.ToldEnd || found.Offsets.Start != asked.ToldStart;
            if (isNews || found.Error != KafkaError.None || !found.Batches.IsEmpty) _told.Add(found);
        }
    }

    /// <summary>The reading is over: what it holds is what it takes from here on.</summary>
    public void Settle()
    {
        _spare?.Dispose();
        _spare = null;
        var held = _held.Sum(buffer => (long)buffer.Capacity);
        _call.Broker.FetchBytes.Return(_share - held);
        _share = held;
    }

    /// <summary>Gives memory and share back; the batches are void from then on.</summary>
    public void Dispose()
    {
        foreach (var buffer in _held) buffer.Dispose();
        _held.Clear();
        _spare?.Dispose();
        _spare = null;
        _call.Broker.FetchBytes.Return(_share);
        _share = 0;
    }

    private async ValueTask<FetchedPartition> ReadAsync(string topic, FetchPartition asked)
    {
        var partition = new TopicPartition(topic, asked.Index);
        var log = _call.Broker.Log;
        try
        {
            var offsets = log.WatermarksOf(partition);
            if (LeaderEpochs.Check(asked.LeaderEpoch) is not KafkaError.None and var stale) return Refused(asked, stale, offsets);
            if (asked.Offset < offsets.Start || asked.Offset > offsets.End) return Refused(asked, KafkaError.OffsetOutOfRange, offsets);
            var (batches, aborted) = (ReadOnlyMemory<byte>.Empty, (IReadOnlyList<AbortedTransaction>)[]);
            var room = (int)Math.Min(_bytesMax - BytesRead, asked.BytesMax);
            if (asked.Offset < offsets.EndFor(_isolation) && (BytesRead == 0 || room > 0))
            {
                _spare ??= new ByteWriter(initialBytes: 1);
                (batches, offsets, aborted) = await log.FetchAsync(partition, asked.Offset, Math.Max(room, 1), _isolation, _spare, _call.Cancel);
            }

            // Only the first batch of an answer may be larger than its bound: a client makes room for one.
            if (BytesRead > 0 && batches.Length > room) batches = default;
            if (_call.Version < 10 && HoldsZstd(batches.Span)) return Refused(asked, KafkaError.UnsupportedCompressionType, offsets);
            if (!batches.IsEmpty) Hold(batches.Length);
            // A shard that was split or merged gets no more records.
            if (log.FindStream(topic)?.Shards[asked.Index].IsClosed != true) _ends.Add((partition, offsets.EndFor(_isolation)));
            return new FetchedPartition(asked, KafkaError.None, offsets, batches, aborted);
        }
        catch (UnknownTopicPartitionException)
        {
            return Refused(asked, KafkaError.UnknownTopicOrPartition, s_unknown);
        }
        catch (OffsetOutOfRangeException)
        {
            return Refused(asked, KafkaError.OffsetOutOfRange, s_unknown);
        }
        catch (IOException damage)
        {
            FetchFaults.Damaged(_call.Broker.Logger, damage, partition);
            return Refused(asked, KafkaError.KafkaStorageError, s_unknown);
        }
    }

    private void Hold(int bytes)
    {
        BytesRead += bytes;
        _held.Add(_spare!);
        _spare = null;
    }

    private FetchedPartition Refused(FetchPartition asked, KafkaError error, Watermarks offsets)
    {
        HasError = true;
        return new FetchedPartition(asked, error, offsets, default, []);
    }

    private static bool HoldsZstd(ReadOnlySpan<byte> batches)
    {
        while (batches.Length >= HeaderBytes)
        {
            if ((batches[AttributesAt + 1] & 0x07) == Zstd) return true;
            batches = batches[(BinaryPrimitives.ReadInt32BigEndian(batches[LengthAt..]) + LengthOverhead)..];
        }

        return false;
    }
}
