using System.Buffers.Binary;
using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// Fetch, key 1, versions 4-16 (flexible from 12, topics by id from 13). https://kafka.apache.org/protocol#The_Messages_Fetch
//
// Behaviour: whole batches from the one that holds the offset on, as they lie on disk. The answer leaves when min_bytes are there, when
// a partition has an error, or after max_wait_ms; a record that arrives ends the wait at once. Partitions are filled in the order of the
// request up to max_bytes; the first batch is sent even when it is larger, so that a consumer always gets on. What readers see is
// durable: the high watermark moves after the sync. A reader of committed records gets batches up to the last stable offset, and the
// aborted transactions among them, which it leaves out.
//
// Known differences: every fetch is a full one. A session that a client asks for is not made (the answer's session id is 0, as KIP-227
// allows), and one that it refers to is not found. A client below version 10 gets UNSUPPORTED_COMPRESSION_TYPE where a batch is zstd.
internal static class Fetch
{
    private const int LengthAt = 8;
    private const int LengthOverhead = 12;
    private const int AttributesAt = 21;
    private const int HeaderBytes = 61;
    private const int Zstd = 4;

    public static readonly KafkaApi Api = new(1, "Fetch", 4, 16, 12, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var request = Read(call);
        if (request.SessionId != 0)
        {
            Write(call, KafkaError.FetchSessionIdNotFound, []);
            return;
        }

        var budget = call.Broker.FetchBytes;
        var waitMax = TimeSpan.FromMilliseconds(Math.Clamp(request.WaitMaxMs, 0, (long)call.Broker.Limits.FetchWaitMax.TotalMilliseconds));
        var startedAt = call.Broker.Time.GetTimestamp();
        while (true)
        {
            // Reading before the budget knows would let many fetches at once pass it.
            var taken = budget.TakeShare(Math.Clamp(request.BytesMax, 0, call.Broker.Limits.FetchBytesMax));
            var read = new FetchRead(call, request.Isolation, taken);
            try
            {
                foreach (var topic in request.Topics) await read.ReadAsync(topic);
            }
            catch
            {
                budget.Return(taken);
                throw;
            }

            var left = waitMax - call.Broker.Time.GetElapsedTime(startedAt);
            if (read.HasError || read.BytesRead >= request.BytesMin || left <= TimeSpan.Zero)
            {
                budget.Return(taken - read.BytesRead);
                call.Response.Released = () => budget.Return(read.BytesRead);
                Write(call, KafkaError.None, read.Topics);
                return;
            }

            budget.Return(taken);
            await WaitAsync(call, read, left);
        }
    }

    /// <summary>Waits until one of the partitions has more than it had, or the time is over.</summary>
    private static async ValueTask WaitAsync(KafkaCall call, FetchRead read, TimeSpan left)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel);
        var waits = new List<Task> { Task.Delay(left, call.Broker.Time, over.Token) };
        foreach (var (partition, end) in read.Ends) waits.Add(call.Broker.Log.WaitForRecordsAsync(partition, end, read.Isolation, over.Token).AsTask());
        await Task.WhenAny(waits);
        await over.CancelAsync();
        // A partition that is deleted meanwhile faults its wait; the next read says so to the client.
        await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        call.Cancel.ThrowIfCancellationRequested();
    }

    private static FetchRequest Read(KafkaCall call)
    {
        var reader = call.Reader();
        var version = call.Version;
        if (version <= 14) reader.ReadInt32();
        var (waitMaxMs, bytesMin, bytesMax) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        var isolation = reader.ReadInt8() == (sbyte)ReadIsolation.Committed ? ReadIsolation.Committed : ReadIsolation.Uncommitted;
        var sessionId = version >= 7 ? reader.ReadInt32() : 0;
        if (version >= 7) reader.ReadInt32();
        var topics = new FetchTopic[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++) topics[t] = ReadTopic(ref reader, version);
        // Forgotten topics and the rack mean nothing without sessions and replicas.
        return new FetchRequest(waitMaxMs, bytesMin, bytesMax, isolation, sessionId, topics);
    }

    private static FetchTopic ReadTopic(ref KafkaReader reader, short version)
    {
        var id = version >= 13 ? reader.ReadUuid() : Guid.Empty;
        var name = version >= 13 ? null : reader.ReadString();
        var partitions = new FetchPartition[reader.ReadArrayLength()];
        for (var p = 0; p < partitions.Length; p++)
        {
            var index = reader.ReadInt32();
            var leaderEpoch = version >= 9 ? reader.ReadInt32() : -1;
            var offset = reader.ReadInt64();
            if (version >= 12) reader.ReadInt32();
            if (version >= 5) reader.ReadInt64();
            partitions[p] = new FetchPartition(index, leaderEpoch, offset, reader.ReadInt32());
            reader.SkipTags();
        }

        reader.SkipTags();
        return new FetchTopic(name, id, partitions);
    }

    private static void Write(KafkaCall call, KafkaError error, IReadOnlyList<FetchedTopic> topics)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteThrottleTime();
        if (version >= 7)
        {
            response.WriteError(error);
            response.WriteInt32(0);
        }

        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            if (version >= 13) response.WriteUuid(topic.Asked.Id);
            else response.WriteString(topic.Asked.Name!);
            response.WriteArrayLength(topic.Partitions.Length);
            foreach (var partition in topic.Partitions) Write(call, partition);
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static void Write(KafkaCall call, FetchedPartition partition)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteInt32(partition.Index);
        response.WriteError(partition.Error);
        response.WriteInt64(partition.Offsets.End);
        response.WriteInt64(partition.Offsets.LastStable);
        if (version >= 5) response.WriteInt64(partition.Offsets.Start);
        response.WriteArrayLength(partition.Aborted.Count);
        foreach (var aborted in partition.Aborted)
        {
            response.WriteInt64(aborted.ProducerId);
            response.WriteInt64(aborted.FirstOffset);
            response.WriteTags();
        }

        if (version >= 11) response.WriteInt32(-1);
        response.WriteRecords(partition.Batches);
        response.WriteTags();
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

    private sealed record FetchRequest(
        int WaitMaxMs, int BytesMin, int BytesMax, ReadIsolation Isolation, int SessionId, FetchTopic[] Topics);

    private sealed record FetchTopic(string? Name, Guid Id, FetchPartition[] Partitions);

    private readonly record struct FetchPartition(int Index, int LeaderEpoch, long Offset, int BytesMax);

    private sealed record FetchedTopic(FetchTopic Asked, FetchedPartition[] Partitions);

    private readonly record struct FetchedPartition(
        int Index, KafkaError Error, Watermarks Offsets, ReadOnlyMemory<byte> Batches, IReadOnlyList<AbortedTransaction> Aborted);

    /// <summary>One pass over the partitions of a request.</summary>
    private sealed class FetchRead(KafkaCall call, ReadIsolation isolation, long bytesMax)
    {
        private static readonly Watermarks s_unknown = new(-1, -1, -1);

        public ReadIsolation Isolation => isolation;

        public List<FetchedTopic> Topics { get; } = [];

        /// <summary>Where the open partitions without an error end: beyond it is what a wait is for.</summary>
        public List<(TopicPartition Partition, long End)> Ends { get; } = [];

        public long BytesRead { get; private set; }

        public bool HasError { get; private set; }

        public async ValueTask ReadAsync(FetchTopic asked)
        {
            var name = asked.Name ?? (await call.Broker.Topics.FindAsync(asked.Id, call.Cancel))?.Name;
            var partitions = new FetchedPartition[asked.Partitions.Length];
            for (var p = 0; p < partitions.Length; p++)
            {
                partitions[p] = name is null
                    ? Refused(asked.Partitions[p].Index, KafkaError.UnknownTopicId, s_unknown)
                    : await ReadAsync(name, asked.Partitions[p]);
            }

            Topics.Add(new FetchedTopic(asked, partitions));
        }

        private async ValueTask<FetchedPartition> ReadAsync(string topic, FetchPartition asked)
        {
            var partition = new TopicPartition(topic, asked.Index);
            var log = call.Broker.Log;
            try
            {
                var offsets = log.WatermarksOf(partition);
                if (LeaderEpochs.Check(asked.LeaderEpoch) is not KafkaError.None and var stale) return Refused(asked.Index, stale, offsets);
                if (asked.Offset < offsets.Start || asked.Offset > offsets.End) return Refused(asked.Index, KafkaError.OffsetOutOfRange, offsets);
                var room = (int)Math.Min(bytesMax - BytesRead, asked.BytesMax);
                var (batches, aborted) = (ReadOnlyMemory<byte>.Empty, (IReadOnlyList<AbortedTransaction>)[]);
                if (BytesRead == 0 || room > 0)
                    (batches, offsets, aborted) = await log.FetchAsync(partition, asked.Offset, Math.Max(room, 1), isolation, call.Cancel);
                // Only the first batch of an answer may be larger than its bound: a client makes room for one.
                if (BytesRead > 0 && batches.Length > room) batches = default;
                if (call.Version < 10 && HoldsZstd(batches.Span)) return Refused(asked.Index, KafkaError.UnsupportedCompressionType, offsets);
                BytesRead += batches.Length;
                // A shard that was split or merged gets no more records.
                if (log.FindStream(topic)?.Shards[asked.Index].IsClosed != true) Ends.Add((partition, offsets.EndFor(isolation)));
                return new FetchedPartition(asked.Index, KafkaError.None, offsets, batches, aborted);
            }
            catch (UnknownTopicPartitionException)
            {
                return Refused(asked.Index, KafkaError.UnknownTopicOrPartition, s_unknown);
            }
            catch (OffsetOutOfRangeException)
            {
                return Refused(asked.Index, KafkaError.OffsetOutOfRange, s_unknown);
            }
            catch (CorruptLogException damage)
            {
                FetchFaults.Damaged(call.Broker.Logger, damage, partition);
                return Refused(asked.Index, KafkaError.KafkaStorageError, s_unknown);
            }
        }

        private FetchedPartition Refused(int index, KafkaError error, Watermarks offsets)
        {
            HasError = true;
            return new FetchedPartition(index, error, offsets, default, []);
        }
    }
}
