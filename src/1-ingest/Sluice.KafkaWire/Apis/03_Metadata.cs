using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// Metadata, key 3, versions 0-13 (flexible from 9). https://kafka.apache.org/protocol#The_Messages_Metadata
//
// Behaviour: one broker, which leads every partition, with leader epoch 0, and is the controller. Topics are asked for by name, from
// version 12 also by id, or all at once. An unknown name is created when the client allows it (from version 4; always before) and the
// broker is configured to (auto.create.topics.enable).
//
// Known differences: authorized operations are never computed (the field says "unknown"). A stream of Kinesis is a topic like any
// other; its closed shards stay partitions, for what they hold can be read.
internal static class Metadata
{
    private const int UnknownOperations = int.MinValue;

    public static readonly KafkaApi Api = new(3, "Metadata", 0, 13, 9, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (asked, mayCreate) = Read(call);
        var topics = new List<FoundTopic>();
        if (asked is null) topics.AddRange((await call.Broker.Log.ListTopicsAsync(call.Cancel)).Select(t => new FoundTopic(t.Name, t.Id, KafkaError.None, t.PartitionCount)));
        else foreach (var topic in asked) topics.Add(await FindAsync(call, topic, mayCreate));
        Write(call, topics);
    }

    /// <summary>The topics asked for, null for all; and whether unknown ones may be created.</summary>
    private static (List<AskedTopic>? Topics, bool MayCreate) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var count = reader.ReadNullableArrayLength();
        List<AskedTopic>? topics = count < 0 || (count == 0 && call.Version == 0) ? null : [];
        for (; count > 0; count--)
        {
            var id = call.Version >= 10 ? reader.ReadUuid() : Guid.Empty;
            var name = call.Version >= 10 ? reader.ReadNullableString() : reader.ReadString();
            reader.SkipTags();
            topics!.Add(new AskedTopic(name, id));
        }

        return (topics, call.Version < 4 || reader.ReadBool());
    }

    private static async ValueTask<FoundTopic> FindAsync(KafkaCall call, AskedTopic asked, bool mayCreate)
    {
        var log = call.Broker.Log;
        if (asked.Name is null)
        {
            return await call.Broker.Topics.FindAsync(asked.Id, call.Cancel) is { } byId
                ? new FoundTopic(byId.Name, byId.Id, KafkaError.None, byId.PartitionCount)
                : new FoundTopic(null, asked.Id, KafkaError.UnknownTopicId, 0);
        }

        var options = call.Broker.Options;
        var topic = await log.FindTopicAsync(asked.Name, call.Cancel);
        var error = KafkaError.UnknownTopicOrPartition;
        if (topic is null && mayCreate && options.AutoCreateTopics)
        {
            try
            {
                var spec = new TopicSpec(asked.Name, options.DefaultPartitions, new Dictionary<string, string>());
                topic = await log.CreateTopicAsync(spec, call.Cancel);
            }
            catch (TopicExistsException)
            {
                // Another client came first: what it made is the topic.
                topic = await log.FindTopicAsync(asked.Name, call.Cancel);
            }
            catch (InvalidTopicException)
            {
                error = KafkaError.InvalidTopic;
            }
        }

        return topic is null
            ? new FoundTopic(asked.Name, Guid.Empty, error, 0)
            : new FoundTopic(topic.Name, topic.Id, KafkaError.None, topic.PartitionCount);
    }

    private static void Write(KafkaCall call, List<FoundTopic> topics)
    {
        var (response, version, broker) = (call.Response, call.Version, call.Broker);
        if (version >= 3) response.WriteThrottleTime();
        response.WriteArrayLength(1);
        response.WriteInt32(broker.Options.BrokerId);
        response.WriteString(broker.AdvertisedHost);
        response.WriteInt32(broker.AdvertisedPort);
        if (version >= 1) response.WriteNullableString(null);
        response.WriteTags();
        if (version >= 2) response.WriteNullableString(broker.ClusterId);
        if (version >= 1) response.WriteInt32(broker.Options.BrokerId);
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics) WriteTopic(call, topic);
        if (version is >= 8 and <= 10) response.WriteInt32(UnknownOperations);
        if (version >= 13) response.WriteError(KafkaError.None);
        response.WriteTags();
    }

    private static void WriteTopic(KafkaCall call, FoundTopic topic)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteError(topic.Error);
        if (version >= 12) response.WriteNullableString(topic.Name);
        else response.WriteString(topic.Name ?? "");
        if (version >= 10) response.WriteUuid(topic.Id);
        if (version >= 1) response.WriteBool(false);
        response.WriteArrayLength(topic.PartitionCount);
        for (var partition = 0; partition < topic.PartitionCount; partition++) WritePartition(call, partition);
        if (version >= 8) response.WriteInt32(UnknownOperations);
        response.WriteTags();
    }

    private static void WritePartition(KafkaCall call, int partition)
    {
        var (response, version, brokerId) = (call.Response, call.Version, call.Broker.Options.BrokerId);
        response.WriteError(KafkaError.None);
        response.WriteInt32(partition);
        response.WriteInt32(brokerId);
        if (version >= 7) response.WriteInt32(0);
        response.WriteInt32Array([brokerId]);
        response.WriteInt32Array([brokerId]);
        if (version >= 5) response.WriteInt32Array([]);
        response.WriteTags();
    }

    private sealed record AskedTopic(string? Name, Guid Id);

    private sealed record FoundTopic(string? Name, Guid Id, KafkaError Error, int PartitionCount);
}
