using System.Buffers.Binary;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// Produce, key 0, versions 3-11 (flexible from 9). https://kafka.apache.org/protocol#The_Messages_Produce
//
// Behaviour: each partition of a request holds one RecordBatch v2. It is checked (CRC, records, decompressing them where needed) and
// stored as it came, whatever its codec. acks=1 and acks=all mean the same: the answer leaves when the batch is as durable as the log's
// setting asks. acks=0 gets no answer; a batch refused then ends the connection, as in Kafka. Batches of idempotent producers are checked
// for their sequence by the log, which remembers it over restarts; a batch sent again is answered with the offset of its first arrival.
// All batches of a request are queued before the first wait, so requests of one connection may overlap and keep their order.
//
// A transactional batch is taken while the transaction of its producer is open and has the partition (KIP-890, its first part), else it is
// refused with INVALID_TXN_STATE, or INVALID_PRODUCER_EPOCH when another producer has taken over.
//
// Known differences: version 12 implies transactions v2 and version 13 names topics by id: neither is advertised. A stream of Kinesis
// takes no records here (TOPIC_AUTHORIZATION_FAILED): their shard follows from a hash key that only a Kinesis call has. A full queue is
// answered NOT_ENOUGH_REPLICAS, which clients take as "nothing written, try again".
internal static class Produce
{
    public const short Key = 0;

    // Where a batch has its magic byte and attributes: https://kafka.apache.org/documentation/#recordbatch
    private const int MagicAt = 16;
    private const int AttributesAt = 21;
    private const int MaxTimestampAt = 35;
    private const int ProducerIdAt = 43;
    private const int ProducerEpochAt = 51;
    private const int HeaderBytes = 61;
    private const short CodecMask = 0x07;
    private const short Zstd = 4;
    private const short AppendTimeBit = 0x08;
    private const short TransactionalBit = 0x10;
    private const short ControlBit = 0x20;

    public static readonly KafkaApi Api = new(Key, "Produce", 3, 11, 9, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var request = Read(call);
        var appends = new List<Task<Outcome>>();
        foreach (var (topic, partitions) in request.Topics)
        {
            foreach (var part in partitions) appends.Add(AppendAsync(call, request, new TopicPartition(topic, part.Index), part.Batch));
        }

        // The batches are parts of the request's buffer: all have to be done with it, even when one fails.
        var outcomes = await Task.WhenAll(appends);
        if (request.Acks != 0)
        {
            Write(call, request, outcomes);
            return;
        }

        call.HasNoResponse = true;
        if (outcomes.FirstOrDefault(o => o.Error != KafkaError.None) is { } refused)
            throw new InvalidDataException($"A batch sent with acks=0 was refused with {refused.Error}.");
    }

    private static Request Read(KafkaCall call)
    {
        var reader = call.Reader();
        var transactionalId = reader.ReadNullableString();
        var acks = reader.ReadInt16();
        reader.ReadInt32();
        var topics = new (string, Part[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var name = reader.ReadString();
            var parts = new Part[reader.ReadArrayLength()];
            for (var p = 0; p < parts.Length; p++)
            {
                parts[p] = new Part(reader.ReadInt32(), reader.ReadBytes());
                reader.SkipTags();
            }

            reader.SkipTags();
            topics[t] = (name, parts);
        }

        return new Request(transactionalId, acks, topics);
    }

    private static async Task<Outcome> AppendAsync(KafkaCall call, Request request, TopicPartition partition, ReadOnlyMemory<byte> batch)
    {
        if (Refuse(call, request.Acks, partition, batch.Span) is { } refused) return refused;
        var log = call.Broker.Log;
        var error = Enqueue(call, request.TransactionalId, partition, batch, out var appended);
        if (error != KafkaError.None) return new Outcome(error);
        var result = await appended;
        if (result.Error != AppendError.None) return new Outcome(ErrorOf(result.Error), Message: MessageOf(result.Error));
        try
        {
            var appendTimeMs = result.AppendTimeMs ?? await StoredTimeAsync(log, partition, result.BaseOffset);
            return new Outcome(KafkaError.None, result.BaseOffset, appendTimeMs, log.WatermarksOf(partition).Start);
        }
        catch (UnknownTopicPartitionException)
        {
            // The topic was deleted since the batch was stored, and the batch with it.
            return new Outcome(KafkaError.UnknownTopicOrPartition);
        }
    }

    /// <summary>
    /// The time of the append that a stored batch has in it; -1 when it has its producer's. Only a copy of a batch, in a topic with such times, is
    /// worth the look.
    /// </summary>
    private static async ValueTask<long> StoredTimeAsync(EmbeddedLog log, TopicPartition partition, long offset)
    {
        var topic = await log.FindTopicAsync(partition.Topic, CancellationToken.None);
        if (topic?.Configs.GetValueOrDefault("message.timestamp.type") != "LogAppendTime") return -1;
        try
        {
            var stored = (await log.FetchAsync(partition, offset, 1, ReadIsolation.Uncommitted, CancellationToken.None)).Bytes.Span;
            // Compaction may have taken it, and what is found is a later one.
            var isIt = stored.Length >= HeaderBytes && BinaryPrimitives.ReadInt64BigEndian(stored) == offset;
            var isStamped = isIt && (BinaryPrimitives.ReadInt16BigEndian(stored[AttributesAt..]) & AppendTimeBit) != 0;
            return isStamped ? BinaryPrimitives.ReadInt64BigEndian(stored[MaxTimestampAt..]) : -1;
        }
        catch (OffsetOutOfRangeException)
        {
            // Retention has taken the first arrival; nobody knows its time any more.
            return -1;
        }
    }

    /// <summary>Queues a batch; one of a transaction only while that is open.</summary>
    private static KafkaError Enqueue(
        KafkaCall call, string? transactionalId, TopicPartition partition, ReadOnlyMemory<byte> batch, out ValueTask<AppendResult> appended)
    {
        var log = call.Broker.Log;
        if ((BinaryPrimitives.ReadInt16BigEndian(batch.Span[AttributesAt..]) & TransactionalBit) == 0)
        {
            appended = log.AppendAsync(partition, batch, CancellationToken.None);
            return KafkaError.None;
        }

        appended = default;
        if (transactionalId is null) return KafkaError.InvalidRequest;
        if (call.Broker.Transactions.Find(transactionalId) is not { } transaction) return KafkaError.InvalidProducerIdMapping;
        var (id, epoch) = (BinaryPrimitives.ReadInt64BigEndian(batch.Span[ProducerIdAt..]), BinaryPrimitives.ReadInt16BigEndian(batch.Span[ProducerEpochAt..]));
        // The transaction's lock is held while it queues, and readers of offsets wait for that: the batch is looked through before.
        return transaction.Append(id, epoch, partition, log.CheckAppend(partition, batch), out appended);
    }

    private static Outcome? Refuse(KafkaCall call, short acks, TopicPartition partition, ReadOnlySpan<byte> batch)
    {
        if (acks is < -1 or > 1) return new Outcome(KafkaError.InvalidRequiredAcks);
        if (call.Broker.Topics.IsStream(partition.Topic))
        {
            return new Outcome(
                KafkaError.TopicAuthorizationFailed,
                Message: $"'{partition.Topic}' is a Kinesis stream, which can be read over Kafka. Put records into it with the Kinesis API.");
        }

        if (batch.Length < HeaderBytes) return new Outcome(KafkaError.CorruptMessage);
        if (batch[MagicAt] != 2) return new Outcome(KafkaError.InvalidRecord, Message: "Only message format 2 is taken.");
        var attributes = BinaryPrimitives.ReadInt16BigEndian(batch[AttributesAt..]);
        if ((attributes & ControlBit) != 0) return new Outcome(KafkaError.InvalidRecord, Message: "Control batches are written by brokers.");
        return (attributes & CodecMask) == Zstd && call.Version < 7 ? new Outcome(KafkaError.UnsupportedCompressionType) : null;
    }

    private static KafkaError ErrorOf(AppendError error) => error switch
    {
        AppendError.UnknownTopicOrPartition => KafkaError.UnknownTopicOrPartition,
        AppendError.MessageTooLarge => KafkaError.MessageTooLarge,
        AppendError.CorruptMessage => KafkaError.CorruptMessage,
        AppendError.StorageError => KafkaError.KafkaStorageError,
        AppendError.Busy => KafkaError.NotEnoughReplicas,
        AppendError.OutOfOrderSequence => KafkaError.OutOfOrderSequenceNumber,
        AppendError.FencedProducer => KafkaError.InvalidProducerEpoch,
        AppendError.InvalidTransactionState => KafkaError.InvalidTxnState,
        AppendError.PartitionClosed => KafkaError.TopicAuthorizationFailed,
        AppendError.MissingKey => KafkaError.InvalidRecord,
        _ => KafkaError.UnknownServerError,
    };

    private static string? MessageOf(AppendError error) => error switch
    {
        AppendError.CorruptMessage => "The batch does not match its CRC, or holds records that no consumer could read.",
        AppendError.StorageError => "The partition stopped after a failed write; it recovers when the broker is started again.",
        AppendError.Busy => "The partition's queue is full; nothing was written.",
        AppendError.MissingKey => "The topic is compacted (cleanup.policy): every record needs a key.",
        _ => null,
    };

    private static void Write(KafkaCall call, Request request, Outcome[] outcomes)
    {
        var response = call.Response;
        var next = 0;
        response.WriteArrayLength(request.Topics.Length);
        foreach (var (topic, partitions) in request.Topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Length);
            foreach (var part in partitions) Write(call, part.Index, outcomes[next++]);
            response.WriteTags();
        }

        response.WriteThrottleTime();
        response.WriteTags();
    }

    private static void Write(KafkaCall call, int partition, Outcome outcome)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteInt32(partition);
        response.WriteError(outcome.Error);
        response.WriteInt64(outcome.BaseOffset);
        response.WriteInt64(outcome.AppendTimeMs);
        if (version >= 5) response.WriteInt64(outcome.StartOffset);
        if (version >= 8)
        {
            response.WriteArrayLength(0);
            response.WriteNullableString(outcome.Message);
        }

        response.WriteTags();
    }

    private sealed record Request(string? TransactionalId, short Acks, (string Topic, Part[] Partitions)[] Topics);

    private readonly record struct Part(int Index, ReadOnlyMemory<byte> Batch);

    private sealed record Outcome(KafkaError Error, long BaseOffset = -1, long AppendTimeMs = -1, long StartOffset = -1, string? Message = null);
}
