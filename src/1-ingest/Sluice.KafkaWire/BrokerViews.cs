using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire;

/// <summary>What the broker shows of itself and its groups to those who administer the log.</summary>
internal static class BrokerViews
{
    /// <summary>The protocol type whose assignments are lists of partitions (ConsumerProtocolAssignment).</summary>
    private const string ConsumerProtocol = "consumer";

    public static BrokerFront FrontOf(KafkaServices broker) => new(
        new BrokerDescription(broker.Options.BrokerId, broker.AdvertisedHost, broker.AdvertisedPort, Rack: null),
        () => [.. DescribeConfigs.BrokerConfigs(broker).Select(ValueOf)],
        () =>
        [
            .. broker.Groups.LookAtAll(group => Describe(group, broker.Options.BrokerId)),
            .. broker.Groups.LookAtAllConsumers(group => Describe(group, broker)),
        ]);

    private static ConfigValue ValueOf(DescribeConfigs.Config config)
    {
        var origin = (ConfigOrigin)config.Source;
        return new ConfigValue(
            config.Name, config.Value, origin, config.IsReadOnly, IsSensitive: false, [new ConfigSynonym(config.Name, config.Value, origin)]);
    }

    private static GroupDescription Describe(Group group, int broker)
    {
        var isAssigned = group.State == GroupState.Stable;
        var isConsumer = group.ProtocolType == ConsumerProtocol;
        return new GroupDescription(
            group.Id,
            group.State.ToString(),
            GroupTypes.Classic,
            isAssigned ? group.Protocol ?? "" : "",
            IsSimple: false,
            broker,
            [
                .. group.Members.Select(m => new GroupMemberDescription(
                    m.Id, m.InstanceId, m.ClientId, m.ClientHost, isAssigned && isConsumer ? PartitionsIn(m.Assignment) : [])),
            ]);
    }

    private static GroupDescription Describe(ConsumerGroup group, KafkaServices broker) => new(
        group.Id,
        group.State.ToString(),
        GroupTypes.Consumer,
        group.Assignor,
        IsSimple: false,
        broker.Options.BrokerId,
        [
            .. group.Members.Select(m => new GroupMemberDescription(
                m.Id, m.InstanceId, m.ClientId, m.ClientHost, [.. m.Assigned.Select(p => group.NameOf(p)).OfType<TopicPartition>()])),
        ]);

    /// <summary>The partitions of an assignment; none when a client of its own kind wrote something else there.</summary>
    private static List<TopicPartition> PartitionsIn(byte[] assignment)
    {
        if (assignment.Length == 0) return [];
        try
        {
            var reader = new KafkaReader(assignment, isFlexible: false);
            reader.ReadInt16();
            var partitions = new List<TopicPartition>();
            for (var count = reader.ReadArrayLength(); count > 0; count--)
            {
                var topic = reader.ReadString();
                partitions.AddRange(reader.ReadInt32Array().Select(partition => new TopicPartition(topic, partition)));
            }

            return partitions;
        }
        catch (InvalidDataException)
        {
            // The bytes are between the members of the group; the broker only carries them.
            return [];
        }
    }
}
