using Confluent.Kafka;
using Sluice.Bytes;
using Sluice.Log.Kafka.Client;
using WirePartition = Confluent.Kafka.TopicPartition;

namespace Sluice.Log.Kafka.Appends;

/// <summary>Sends the records of batches with one idempotent producer; appends to a partition stay in the order they were asked for.</summary>
internal sealed class BatchProducer(Clients clients) : IDisposable
{
    // Where the CRC of a RecordBatch v2 stands, and where what it covers begins.
    private const int CrcAt = 17;
    private const int CrcFrom = 21;
    private const int HeaderBytes = 61;

    // A producer that cannot go on fails what it holds at once, and one that is ended by the program is waited for by nobody else.
    private static readonly TimeSpan s_flushTime = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private LiveProducer? _live;
    private long _queuedBytes;

    /// <summary>A result that is an error says that no record is stored: librdkafka sends one append in several batches, and Kafka may refuse one of them.</summary>
    /// <exception cref="LogUnavailableException">Kafka did not answer: some or all of the records may be stored.</exception>
    /// <exception cref="KafkaLogException">Kafka refused for a reason that is the user's, or refused some of the records only.</exception>
    public async ValueTask<AppendResult> AppendAsync(TopicPartition partition, ReadOnlyMemory<byte> batch, CancellationToken cancel)
    {
        if (!IsSound(batch.Span)) return new AppendResult(AppendError.CorruptMessage, -1);
        if (Interlocked.Add(ref _queuedBytes, batch.Length) > clients.Limits.QueuedBytesMax)
        {
            Interlocked.Add(ref _queuedBytes, -batch.Length);
            return new AppendResult(AppendError.Busy, -1);
        }

        var messages = Messages(batch.Span);
        if (messages is null)
        {
            Interlocked.Add(ref _queuedBytes, -batch.Length);
            return new AppendResult(AppendError.CorruptMessage, -1);
        }

        var delivery = new Delivery(messages.Length);
        _ = delivery.All.ContinueWith(
            _ => Interlocked.Add(ref _queuedBytes, -batch.Length), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Send(new WirePartition(partition.Topic, partition.Partition), messages, delivery);
        await delivery.All.WaitAsync(cancel);
        return Result(partition, delivery);
    }

    public void Dispose()
    {
        lock (_lock) End();
    }

    private static bool IsSound(ReadOnlySpan<byte> batch) =>
        batch.Length > HeaderBytes
        && System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(batch[CrcAt..]) == Crc32C.Compute(batch[CrcFrom..]);

    /// <summary>The records of the batch; null when it is malformed.</summary>
    private static Message<byte[]?, byte[]?>[]? Messages(ReadOnlySpan<byte> batch)
    {
        var messages = new List<Message<byte[]?, byte[]?>>();
        try
        {
            var records = new RecordReader(batch, 0);
            while (records.MoveNext())
            {
                messages.Add(new Message<byte[]?, byte[]?>
                {
                    Key = records.Key.IsNull ? null : records.Key.Span.ToArray(),
                    Value = records.Value.IsNull ? null : records.Value.Span.ToArray(),
                    Timestamp = new Timestamp(records.TimestampMs, TimestampType.CreateTime),
                    Headers = HeadersOf(records.ReadHeaders()),
                });
            }
        }
        catch (InvalidDataException)
        {
            // The answer tells the caller which of its batches it is.
            return null;
        }

        return messages.Count == 0 ? null : [.. messages];
    }

    private static Headers? HeadersOf(RecordHeader[] headers)
    {
        if (headers.Length == 0) return null;
        var all = new Headers();
        foreach (var (name, value) in headers) all.Add(name, value);
        return all;
    }

    private void Send(WirePartition partition, Message<byte[]?, byte[]?>[] messages, Delivery delivery)
    {
        // One append at a time: the records of each are neighbours in the queue of their partition, and so in the log where no other producer writes.
        lock (_lock)
        {
            if (_live is null or { IsDead: true })
            {
                End();
                _live = new LiveProducer(clients);
            }

            var answer = new Action<DeliveryReport<byte[]?, byte[]?>>(report => delivery.Answer(report.Error, report.Status, report.Offset.Value));
            for (var i = 0; i < messages.Length; i++)
            {
                try
                {
                    _live.Producer.Produce(partition, messages[i], answer);
                }
                catch (ProduceException<byte[]?, byte[]?> refused)
                {
                    // Not queued, so it will not be answered; those before it are on their way and will be, those behind it stay here.
                    for (; i < messages.Length; i++) delivery.Answer(refused.Error, PersistenceStatus.NotPersisted, -1);
                }
            }
        }
    }

    private void End()
    {
        // What is still on its way is answered for before the one who would tell is gone.
        _live?.Producer.Flush(s_flushTime);
        _live?.Producer.Dispose();
        _live = null;
    }

    private AppendResult Result(TopicPartition partition, Delivery delivery)
    {
        if (delivery.Error is { } error)
        {
            return delivery.IsNothingStored && Faults.Refusal(error.Code) is { } refusal
                ? new AppendResult(refusal, -1)
                : throw Faults.Of(clients, $"append to {partition} ({delivery.Fate})", error);
        }

        var offsets = delivery.Offsets.ToArray();
        Array.Sort(offsets);
        var isOneRow = offsets[^1] - offsets[0] == offsets.Length - 1;
        return new AppendResult(AppendError.None, offsets[0]) { Scattered = isOneRow ? null : offsets };
    }

    /// <summary>A producer until it meets an error that it cannot go on from: then the next append makes another.</summary>
    private sealed class LiveProducer
    {
        private volatile bool _isDead;

        public LiveProducer(Clients clients) => Producer = clients.Producer(error =>
        {
            if (error.IsFatal) _isDead = true;
        });

        public IProducer<byte[]?, byte[]?> Producer { get; }

        public bool IsDead => _isDead;
    }
}
