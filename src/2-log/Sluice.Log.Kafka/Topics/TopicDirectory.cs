using System.Collections.Concurrent;
using System.Buffers.Binary;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Sluice.Log.Kafka.Client;
using WireTopic = Confluent.Kafka.Admin.TopicDescription;

namespace Sluice.Log.Kafka.Topics;

/// <summary>Lists, finds, makes and deletes topics.</summary>
/// <param name="onGone">Called with the name of a topic that was known and is no more, or is another one.</param>
internal sealed class TopicDirectory(Clients clients, IAdminClient admin, short replicationFactor, Action<string> onGone)
{
    // How often a change is looked for that Kafka has agreed to and not carried out everywhere.
    private static readonly TimeSpan s_settleInterval = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, (Uuid Id, int Partitions)> _known = new(StringComparer.Ordinal);

    public async ValueTask<IReadOnlyList<TopicDescription>> ListAsync(CancellationToken cancel)
    {
        var names = await NamesAsync(cancel);
        var topics = new List<TopicDescription>(names.Count);
        foreach (var some in names.Chunk(1000)) topics.AddRange((await DescribeAsync(some, cancel)).Select(Of));
        return topics;
    }

    public async ValueTask<TopicDescription?> FindAsync(string topic, CancellationToken cancel) =>
        await LookAsync(topic, cancel) is { } found ? Of(found) : null;

    /// <summary>Whether the partition is there; Kafka is asked where it is not known.</summary>
    public async ValueTask<bool> HasAsync(TopicPartition partition, CancellationToken cancel)
    {
        if (partition.Partition < 0) return false;
        if (_known.TryGetValue(partition.Topic, out var known) && partition.Partition < known.Partitions) return true;
        return await LookAsync(partition.Topic, cancel) is { } topic && partition.Partition < topic.Partitions.Count;
    }

    /// <summary>Forgets that a topic was seen.</summary>
    public void Forget(string topic)
    {
        if (_known.TryRemove(topic, out _)) onGone(topic);
    }

    public async ValueTask<TopicDescription> CreateAsync(TopicSpec spec, CancellationToken cancel)
    {
        var asked = new TopicSpecification
        {
            Name = spec.Name, NumPartitions = spec.PartitionCount, ReplicationFactor = replicationFactor, Configs = new Dictionary<string, string>(spec.Configs),
        };
        var options = new CreateTopicsOptions { RequestTimeout = clients.Limits.RequestTimeout, OperationTimeout = clients.Limits.RequestTimeout };
        try
        {
            await admin.CreateTopicsAsync([asked], options).WaitAsync(cancel);
        }
        catch (CreateTopicsException refused)
        {
            throw Of(spec, refused.Results.Select(r => r.Error).FirstOrDefault(e => e.IsError) ?? refused.Error, refused);
        }
        catch (KafkaException refused)
        {
            throw Faults.Of(clients, $"make topic '{spec.Name}'", refused.Error, refused);
        }

        return await SettleAsync(spec.Name, spec.PartitionCount, cancel);
    }

    /// <summary>Waits until a change that Kafka has agreed to is seen: so many partitions, each with a leader.</summary>
    public async ValueTask<TopicDescription> SettleAsync(string topic, int partitions, CancellationToken cancel) => (await UntilAsync(
        topic, found => found is not null && found.Partitions.Count >= partitions && found.Partitions.All(p => p.Leader is { Id: >= 0 }), cancel))!;

    public async ValueTask<bool> DeleteAsync(string topic, CancellationToken cancel)
    {
        var options = new DeleteTopicsOptions { RequestTimeout = clients.Limits.RequestTimeout, OperationTimeout = clients.Limits.RequestTimeout };
        try
        {
            await admin.DeleteTopicsAsync([topic], options).WaitAsync(cancel);
        }
        catch (DeleteTopicsException refused)
        {
            var error = refused.Results.Select(r => r.Error).FirstOrDefault(e => e.IsError) ?? refused.Error;
            return Faults.IsUnknown(error.Code) ? false : throw Faults.Of(clients, $"delete topic '{topic}'", error, refused);
        }
        catch (KafkaException refused)
        {
            throw Faults.Of(clients, $"delete topic '{topic}'", refused.Error, refused);
        }

        await UntilAsync(topic, found => found is null, cancel);
        return true;
    }

    private static TopicDescription Of(WireTopic topic)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, topic.TopicId.MostSignificantBits);
        BinaryPrimitives.WriteInt64BigEndian(id[8..], topic.TopicId.LeastSignificantBits);
        return new TopicDescription(new Guid(id, bigEndian: true), topic.Name, topic.Partitions.Count, new Dictionary<string, string>());
    }

    private Exception Of(TopicSpec spec, Error error, Exception cause) => error.Code switch
    {
        ErrorCode.TopicAlreadyExists => new TopicExistsException(spec.Name),
        ErrorCode.TopicException => new InvalidTopicException(spec.Name, error.Reason),
        ErrorCode.InvalidPartitions or ErrorCode.InvalidReplicationFactor => new InvalidTopicException(spec.Name, error.Reason, TopicFault.PartitionCount),
        ErrorCode.InvalidConfig or ErrorCode.PolicyViolation => new InvalidTopicException(spec.Name, error.Reason, TopicFault.Config),
        _ => Faults.Of(clients, $"make topic '{spec.Name}'", error, cause),
    };

    private async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancel)
    {
        try
        {
            // librdkafka has no call for this that does not hold a thread.
            var metadata = await Task.Run(() => admin.GetMetadata(clients.Limits.RequestTimeout), cancel);
            return [.. metadata.Topics.Where(t => !t.Error.IsError).Select(t => t.Topic).Order(StringComparer.Ordinal)];
        }
        catch (KafkaException refused)
        {
            throw Faults.Of(clients, "list its topics", refused.Error, refused);
        }
    }

    private async Task<WireTopic?> LookAsync(string topic, CancellationToken cancel)
    {
        if (await DescribeAsync([topic], cancel) is [var found, ..]) return found;
        Forget(topic);
        return null;
    }

    /// <summary>Those of the topics that are there.</summary>
    public async Task<IReadOnlyList<WireTopic>> DescribeAsync(IReadOnlyCollection<string> topics, CancellationToken cancel)
    {
        var options = new DescribeTopicsOptions { RequestTimeout = clients.Limits.RequestTimeout };
        List<WireTopic> described;
        try
        {
            described = (await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames(topics), options).WaitAsync(cancel)).TopicDescriptions;
        }
        catch (DescribeTopicsException some)
        {
            described = some.Results.TopicDescriptions;
        }
        catch (KafkaException refused)
        {
            throw Faults.Of(clients, $"describe {Name(topics)}", refused.Error, refused);
        }

        // A name that no topic can have is a topic that is not there.
        var fault = described.Find(t => t.Error.IsError && !Faults.IsUnknown(t.Error.Code) && t.Error.Code != ErrorCode.TopicException);
        if (fault is not null) throw Faults.Of(clients, $"describe {Name([fault.Name])}", fault.Error);
        described.RemoveAll(t => t.Error.IsError);
        foreach (var topic in described) Learn(topic);
        return described;
    }

    private void Learn(WireTopic topic)
    {
        if (_known.TryGetValue(topic.Name, out var known) && known.Id.ToString() != topic.TopicId.ToString()) onGone(topic.Name);
        _known[topic.Name] = (topic.TopicId, topic.Partitions.Count);
    }

    private static string Name(IReadOnlyCollection<string> topics) => topics.Count == 1 ? $"topic '{topics.First()}'" : $"{topics.Count} topics";

    /// <summary>Waits until every broker that is asked says so.</summary>
    private async Task<TopicDescription?> UntilAsync(string name, Func<WireTopic?, bool> isSo, CancellationToken cancel)
    {
        for (var began = clients.Time.GetTimestamp(); ;)
        {
            var topic = await LookAsync(name, cancel);
            if (isSo(topic)) return topic is null ? null : Of(topic);
            if (clients.Time.GetElapsedTime(began) > clients.Limits.RequestTimeout)
            {
                throw new LogUnavailableException(
                    $"Kafka at {clients.Servers} agreed to change topic '{name}' and did not within "
                    + $"{clients.Limits.RequestTimeout.TotalSeconds:0} s; look at the state of its brokers.");
            }

            await Task.Delay(s_settleInterval, clients.Time, cancel);
        }
    }
}
