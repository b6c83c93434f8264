using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// CreateTopics, key 19, versions 2-7 (flexible from 5). https://kafka.apache.org/protocol#The_Messages_CreateTopics
//
// Behaviour: creates topics with the configs given, each on its own; -1 partitions are num.partitions. The answer leaves when the topic
// is on disk. validate_only checks and creates nothing. From version 5 the configs in force are told.
//
// Known differences: a replication factor other than 1 (or -1) is refused, for there is one broker, and so are assignments to another.
internal static class CreateTopics
{
    public static readonly KafkaApi Api = new(19, "CreateTopics", 2, 7, 5, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (topics, validateOnly) = Read(call);
        var twice = topics.CountBy(t => t.Name, StringComparer.Ordinal).Where(n => n.Value > 1).Select(n => n.Key).ToHashSet(StringComparer.Ordinal);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(topics.Length);
        foreach (var topic in topics)
        {
            var refusal = twice.Contains(topic.Name)
                ? new TopicRefusal(KafkaError.InvalidRequest, "The topic is in the request twice.")
                : await CreateAsync(call, topic, validateOnly);
            var created = refusal.Error == KafkaError.None ? await call.Broker.Log.FindTopicAsync(topic.Name, call.Cancel) : null;
            Write(call, topic, refusal, created);
        }

        response.WriteTags();
    }

    private static (NewTopic[] Topics, bool ValidateOnly) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var topics = new NewTopic[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var (name, partitions, replicas) = (reader.ReadString(), reader.ReadInt32(), reader.ReadInt16());
            var assignments = new int[reader.ReadArrayLength()][];
            for (var a = 0; a < assignments.Length; a++)
            {
                reader.ReadInt32();
                assignments[a] = reader.ReadInt32Array();
                reader.SkipTags();
            }

            topics[t] = new NewTopic(name, partitions, replicas, assignments, ReadConfigs(ref reader));
            reader.SkipTags();
        }

        reader.ReadInt32();
        return (topics, reader.ReadBool());
    }

    private static Dictionary<string, string> ReadConfigs(ref KafkaReader reader)
    {
        var configs = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            var name = reader.ReadString();
            if (reader.ReadNullableString() is { } value) configs[name] = value;
            reader.SkipTags();
        }

        return configs;
    }

    private static async ValueTask<TopicRefusal> CreateAsync(KafkaCall call, NewTopic topic, bool validateOnly)
    {
        var options = call.Broker.Options;
        if (topic.Assignments.Any(a => a is not [var broker] || broker != options.BrokerId))
            return new TopicRefusal(KafkaError.InvalidReplicaAssignment, $"Every partition is assigned to the one broker, {options.BrokerId}.");
        if (topic.Assignments.Length == 0 && topic.ReplicationFactor is not (1 or -1))
            return new TopicRefusal(KafkaError.InvalidReplicationFactor, "There is one broker: the replication factor is 1.");
        var partitions = topic.Assignments.Length > 0 ? topic.Assignments.Length : topic.Partitions == -1 ? options.DefaultPartitions : topic.Partitions;
        var spec = new TopicSpec(topic.Name, partitions, topic.Configs);
        return await TopicRefusal.OfAsync(async () =>
        {
            if (validateOnly) call.Broker.Log.CheckTopic(spec);
            else await call.Broker.Log.CreateTopicAsync(spec, CancellationToken.None);
            return true;
        });
    }

    private static void Write(KafkaCall call, NewTopic topic, TopicRefusal refusal, TopicDescription? created)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteString(topic.Name);
        if (version >= 7) response.WriteUuid(created?.Id ?? Guid.Empty);
        response.WriteError(refusal.Error);
        response.WriteNullableString(refusal.Message);
        if (version >= 5)
        {
            response.WriteInt32(created?.PartitionCount ?? -1);
            response.WriteInt16((short)(created is null ? -1 : 1));
            var settings = created is null ? [] : call.Broker.Log.TopicSettings(topic.Name) ?? [];
            response.WriteArrayLength(settings.Count);
            foreach (var setting in settings)
            {
                response.WriteString(setting.Name);
                response.WriteNullableString(setting.Value);
                response.WriteBool(false);
                response.WriteInt8((sbyte)ConfigSources.Of(setting));
                response.WriteBool(false);
                response.WriteTags();
            }
        }

        response.WriteTags();
    }

    private sealed record NewTopic(string Name, int Partitions, short ReplicationFactor, int[][] Assignments, Dictionary<string, string> Configs);
}
