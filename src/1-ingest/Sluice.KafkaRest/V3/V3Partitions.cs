using System.Globalization;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary>Partitions of a topic: where they are, how far they go, whether they are being moved; and the partitions of a broker.</summary>
internal static class V3Partitions
{
    private const string EarliestAndLatest = "earliest_and_latest";

    public static async Task ListAsync(RestRequest request)
    {
        if (await FindAllAsync(request) is { } partitions) V3Call.WriteList(request, "KafkaPartitionList", partitions, Write);
    }

    public static async Task GetAsync(RestRequest request)
    {
        if (await FindAsync(request) is { } partition) V3Call.Write(request, StatusCodes.Status200OK, partition, Write);
    }

    public static async Task GetOffsetsAsync(RestRequest request)
    {
        string? type = request.Http.Request.Query["offset_type"];
        if (!string.IsNullOrEmpty(type) && type != EarliestAndLatest)
        {
            V3Call.WriteError(request, RestError.BadRequest($"offset_type:{type} is invalid"));
            return;
        }

        if (await FindAsync(request) is not { Partition: var partition }) return;
        var offsets = await request.Services.Admin.OffsetsAsync([partition], request.Cancel);
        if (offsets.TryGetValue(partition, out var found)) V3Call.Write(request, StatusCodes.Status200OK, (partition, found), WriteOffsets);
        else V3Call.WriteError(request, RestError.PartitionNotFound);
    }

    public static async Task ListReplicasAsync(RestRequest request)
    {
        if (await FindAsync(request) is { } partition)
            V3Call.WriteList(request, "KafkaReplicaList", partition.Replicas.Select(b => (partition, b)), WriteReplica);
    }

    public static async Task GetReplicaAsync(RestRequest request)
    {
        if (await FindAsync(request) is not { } partition) return;
        foreach (var broker in partition.Replicas.Where(b => V3Call.IsNumber(request.Values.Fourth, b)))
        {
            V3Call.Write(request, StatusCodes.Status200OK, (partition, broker), WriteReplica);
            return;
        }

        V3Call.WriteError(request, RestError.NoSuch($"Replica {request.Values.Fourth} of {partition.Partition} cannot be found."));
    }

    public static async Task ListReplicasOfBrokerAsync(RestRequest request)
    {
        if (await V3Call.FindBrokerAsync(request) is not { } broker) return;
        var topics = await request.Services.Log.ListTopicsAsync(request.Cancel);
        var replicas = await request.Services.Admin.ReplicasAsync([.. topics.Select(t => t.Name)], request.Cancel);
        var ofBroker = replicas.OrderBy(t => t.Key, StringComparer.Ordinal).SelectMany(t => t.Value).Where(p => p.Replicas.Contains(broker.Id));
        V3Call.WriteList(request, "KafkaReplicaList", ofBroker.Select(p => (p, broker.Id)), WriteReplica);
    }

    public static Task ListAllReassignmentsAsync(RestRequest request) => ListReassignmentsAsync(request, topic: null);

    public static async Task ListTopicReassignmentsAsync(RestRequest request)
    {
        if (await V3Call.FindTopicAsync(request) is { } topic) await ListReassignmentsAsync(request, topic.Name);
    }

    public static async Task GetReassignmentAsync(RestRequest request)
    {
        if (await FindAsync(request) is not { Partition: var partition } || await ReassignmentsAsync(request, partition.Topic) is not { } moving) return;
        if (moving.FirstOrDefault(m => m.Partition == partition) is { } found)
            V3Call.Write(request, StatusCodes.Status200OK, found, WriteReassignment);
        else
            V3Call.WriteError(request, RestError.NoSuch($"Partition {partition} is not being reassigned."));
    }

    private static async Task ListReassignmentsAsync(RestRequest request, string? topic)
    {
        if (await ReassignmentsAsync(request, topic) is { } moving)
            V3Call.WriteList(request, "KafkaReassignmentList", moving, WriteReassignment);
    }

    /// <summary>The partitions that are being moved, or null after the refusal has been written.</summary>
    private static async ValueTask<IReadOnlyList<PartitionReassignment>?> ReassignmentsAsync(RestRequest request, string? topic)
    {
        var moving = await request.Services.Admin.ReassignmentsAsync(topic, request.Cancel);
        if (moving is null)
        {
            V3Call.WriteError(request, RestError.BadTopic(
                "The Kafka client of this proxy cannot ask for reassignments. Ask the cluster with kafka-reassign-partitions --list."));
        }

        return moving;
    }

    /// <summary>The partitions of the topic in the path, or null after 40403 has been written.</summary>
    private static async ValueTask<IReadOnlyList<PartitionReplicas>?> FindAllAsync(RestRequest request)
    {
        var topic = request.Values.Second;
        var found = (await request.Services.Admin.ReplicasAsync([topic], request.Cancel)).GetValueOrDefault(topic);
        if (found is null) V3Call.WriteError(request, RestError.NoTopicPartition);
        return found;
    }

    private static async ValueTask<PartitionReplicas?> FindAsync(RestRequest request)
    {
        if (await FindAllAsync(request) is not { } all) return null;
        var found = all.FirstOrDefault(p => V3Call.IsNumber(request.Values.Third, p.Partition.Partition));
        if (found is null) V3Call.WriteError(request, RestError.PartitionNotFound);
        return found;
    }

    private static string PathOf(TopicPartition partition) =>
        string.Create(CultureInfo.InvariantCulture, $"/topics/{partition.Topic}/partitions/{partition.Partition}");

    private static void WriteName(V3Writer writer, TopicPartition partition)
    {
        writer.Json.WriteString("topic_name"u8, partition.Topic);
        writer.Json.WriteNumber("partition_id"u8, partition.Partition);
    }

    private static void Write(V3Writer writer, PartitionReplicas replicas)
    {
        var partition = replicas.Partition;
        var path = PathOf(partition);
        writer.Begin("KafkaPartition", path, ("topic", partition.Topic), ("partition", $"{partition.Partition}"));
        WriteName(writer, partition);
        if (replicas.Leader is { } leader) writer.Link("leader", $"{path}/replicas/{leader}");
        writer.Link("replicas", path + "/replicas");
        writer.Link("reassignment", path + "/reassignment");
        writer.End();
    }

    private static void WriteOffsets(V3Writer writer, (TopicPartition Partition, PartitionOffsets Offsets) found)
    {
        var partition = found.Partition;
        writer.Begin(
            "KafkaPartitionWithOffsets",
            PathOf(partition) + "/offset",
            ("topic", partition.Topic),
            ("partition", $"{partition.Partition}"),
            ("offset", null));
        WriteName(writer, partition);
        writer.Json.WriteNumber("earliest_offset"u8, found.Offsets.Start);
        writer.Json.WriteNumber("latest_offset"u8, found.Offsets.End);
        writer.End();
    }

    private static void WriteReplica(V3Writer writer, (PartitionReplicas Replicas, int Broker) replica)
    {
        var (replicas, broker) = replica;
        var partition = replicas.Partition;
        writer.Begin(
            "KafkaReplica",
            $"{PathOf(partition)}/replicas/{broker}",
            ("topic", partition.Topic),
            ("partition", $"{partition.Partition}"),
            ("replica", $"{broker}"));
        WriteName(writer, partition);
        writer.Json.WriteNumber("broker_id"u8, broker);
        writer.Json.WriteBoolean("is_leader"u8, broker == replicas.Leader);
        writer.Json.WriteBoolean("is_in_sync"u8, replicas.InSync.Contains(broker));
        writer.Link("broker", $"/brokers/{broker}");
        writer.End();
    }

    private static void WriteReassignment(V3Writer writer, PartitionReassignment moving)
    {
        var partition = moving.Partition;
        var path = PathOf(partition);
        writer.Begin(
            "KafkaReassignment", path + "/reassignment", ("topic", partition.Topic), ("partition", $"{partition.Partition}"), ("reassignment", null));
        WriteName(writer, partition);
        writer.Numbers("adding_replicas", moving.Adding);
        writer.Numbers("removing_replicas", moving.Removing);
        writer.Link("replicas", path + "/replicas");
        writer.End();
    }
}
