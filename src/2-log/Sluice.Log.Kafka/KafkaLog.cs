using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Sluice.Log.Kafka.Administration;
using Sluice.Log.Kafka.Appends;
using Sluice.Log.Kafka.Client;
using Sluice.Log.Kafka.Groups;
using Sluice.Log.Kafka.Reads;
using Sluice.Log.Kafka.Topics;

namespace Sluice.Log.Kafka;

/// <summary>
/// The log over a Kafka elsewhere, Amazon MSK among them, by librdkafka. Topics, partitions, offsets, and the offsets of groups are Kafka's own,
/// so other tools see what Sluice sees (https://kafka.apache.org/documentation/).
/// </summary>
/// <remarks>
/// <para>
/// Records are appended by an idempotent producer with acks=all: a retry stores nothing twice. Readers see committed records only; offsets
/// without one (aborted records, transaction markers, compacted records) are stepped over, and <see cref="OffsetsAsync"/> ends where the first
/// open transaction begins.
/// </para>
/// <para>
/// What is different from the embedded log: the records of an append are stored as records of this producer, not as the same batch; an append
/// that ends with an exception may have stored its records, some or all; the stamp of an idempotent producer in a batch is not looked at;
/// batches that are read are made here of the records, uncompressed; <see cref="TopicDescription.Configs"/> is empty.
/// </para>
/// </remarks>
public sealed partial class KafkaLog : ILog
{
    private readonly KafkaLogLimits _limits;
    private readonly TimeProvider _time;
    private readonly IAdminClient _admin;
    private readonly TopicDirectory _topics;
    private readonly OffsetLookup _offsets;
    private readonly GroupOffsets _groups;
    private readonly GroupMember? _member;
    private readonly BatchProducer _producer;
    private readonly Places _places;
    private readonly PartitionReader _reader;
    private readonly ClusterQuestions _questions;
    private readonly ClusterChanges _changes;

    private KafkaLog(KafkaLogOptions options, Clients clients)
    {
        (_limits, _time) = (options.Limits, clients.Time);
        _admin = clients.Admin();
        try
        {
            _groups = new GroupOffsets(clients);
            _member = options.Group is { } group ? new GroupMember(clients, group) : null;
        }
        catch
        {
            _groups?.Dispose();
            _admin.Dispose();
            throw;
        }

        _offsets = new OffsetLookup(clients, _admin);
        _producer = new BatchProducer(clients);
        _places = new Places(clients);
        _topics = new TopicDirectory(clients, _admin, options.ReplicationFactor, onGone: topic =>
        {
            _offsets.Forget(topic);
            _places.GiveUp(topic);
        });
        _reader = new PartitionReader(clients, _places, _offsets);
        _questions = new ClusterQuestions(clients, _admin, _topics);
        _changes = new ClusterChanges(clients, _admin);
    }

    /// <summary>Makes the clients; Kafka is spoken to at the first use.</summary>
    /// <exception cref="KafkaLogException">The properties cannot be used.</exception>
    public static KafkaLog Open(KafkaLogOptions options, TimeProvider time, ILogger logger) => new(options, new Clients(options, time, logger));

    public ValueTask<IReadOnlyList<TopicDescription>> ListTopicsAsync(CancellationToken cancel) => _topics.ListAsync(cancel);

    public ValueTask<TopicDescription?> FindTopicAsync(string topic, CancellationToken cancel) => _topics.FindAsync(topic, cancel);

    public async ValueTask<IReadOnlyList<PartitionDescription>> PartitionsAsync(string topic, CancellationToken cancel) =>
        await _topics.FindAsync(topic, cancel) is { } found
            ? [.. Enumerable.Range(0, found.PartitionCount).Select(p => new PartitionDescription(p, $"{p}", [], IsClosed: false))]
            : [];

    public ValueTask<TopicDescription> CreateTopicAsync(TopicSpec spec, CancellationToken cancel) => _topics.CreateAsync(spec, cancel);

    public ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancel) => _topics.DeleteAsync(topic, cancel);

    /// <summary>Sends the records of the batch to the partition and waits until all in-sync replicas have them.</summary>
    /// <exception cref="LogUnavailableException">Kafka did not answer within the delivery timeout: some or all of the records may be stored.</exception>
    /// <exception cref="KafkaLogException">
    /// Kafka refused for a reason that is the user's to remove, such as a missing grant; or it refused some of the records, and others are stored.
    /// </exception>
    /// <inheritdoc/>
    public async ValueTask<AppendResult> AppendAsync(TopicPartition partition, ReadOnlyMemory<byte> recordBatch, CancellationToken cancel)
    {
        if (!await _topics.HasAsync(partition, cancel)) return new AppendResult(AppendError.UnknownTopicOrPartition, -1);
        var result = await _producer.AppendAsync(partition, recordBatch, cancel);
        if (result.Error == AppendError.UnknownTopicOrPartition) _topics.Forget(partition.Topic);
        return result;
    }

    public async ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, CancellationToken cancel)
    {
        await ThrowIfUnknownAsync(partition, cancel);
        if (offset < 0) throw new OffsetOutOfRangeException(partition, offset, await _offsets.OffsetsAsync(partition, cancel));
        try
        {
            return await _reader.ReadAsync(partition, offset, bytesMax, cancel);
        }
        catch (UnknownTopicPartitionException)
        {
            _topics.Forget(partition.Topic);
            throw;
        }
    }

    public async ValueTask<PartitionOffsets> OffsetsAsync(TopicPartition partition, CancellationToken cancel)
    {
        await ThrowIfUnknownAsync(partition, cancel);
        return await _offsets.OffsetsAsync(partition, cancel);
    }

    public async ValueTask<long?> OffsetForTimestampAsync(TopicPartition partition, long timestampMs, CancellationToken cancel)
    {
        await ThrowIfUnknownAsync(partition, cancel);
        return await _offsets.ForTimestampAsync(partition, timestampMs, cancel);
    }

    public async ValueTask WaitForRecordsAsync(TopicPartition partition, long offset, CancellationToken cancel)
    {
        await ThrowIfUnknownAsync(partition, cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var waiting = _reader.WaitAsync(partition, offset, stop.Token).AsTask();
        try
        {
            while (await Task.WhenAny(waiting, Task.Delay(_limits.LookInterval, _time, stop.Token)) != waiting)
            {
                cancel.ThrowIfCancellationRequested();
                // librdkafka does not tell every reader of a topic that it was deleted.
                if (await _topics.FindAsync(partition.Topic, cancel) is null) return;
            }

            await waiting;
        }
        finally
        {
            await stop.CancelAsync();
            await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    /// <exception cref="UnknownTopicPartitionException">One of the partitions is not there.</exception>
    /// <inheritdoc/>
    public async ValueTask CommitOffsetsAsync(string group, IReadOnlyList<CommittedOffset> offsets, CancellationToken cancel)
    {
        // Kafka stores offsets of partitions that never were.
        foreach (var offset in offsets) await ThrowIfUnknownAsync(offset.Partition, cancel);
        if (offsets.Count > 0) await _groups.CommitAsync(group, offsets, cancel);
    }

    public async ValueTask<IReadOnlyList<CommittedOffset>> CommittedOffsetsAsync(string group, CancellationToken cancel) =>
        await _groups.CommittedAsync(group, cancel);

    /// <summary>With <see cref="KafkaLogOptions.Group"/>, what the group's coordinator gave this process.</summary>
    /// <inheritdoc/>
    public async ValueTask<IReadOnlySet<TopicPartition>?> OwnedPartitionsAsync(IReadOnlyCollection<string> topics, CancellationToken cancel) =>
        _member is null ? null : await _member.OwnedAsync(topics, cancel);

    public ValueTask DisposeAsync()
    {
        _member?.Dispose();
        _places.Dispose();
        _producer.Dispose();
        _groups.Dispose();
        _admin.Dispose();
        return default;
    }

    private async ValueTask ThrowIfUnknownAsync(TopicPartition partition, CancellationToken cancel)
    {
        if (!await _topics.HasAsync(partition, cancel)) throw new UnknownTopicPartitionException(partition);
    }
}
