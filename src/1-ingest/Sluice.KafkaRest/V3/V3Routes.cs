using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.V3;

/// <summary>The paths under <c>/v3/clusters</c> (https://docs.confluent.io/platform/current/kafka-rest/api.html#crest-api-v3).</summary>
internal static class V3Routes
{
    private const string Cluster = "/v3/clusters/{cluster}";
    private const string Group = Cluster + "/consumer-groups/{group}";
    private const string Consumer = Group + "/consumers/{consumer}";
    private const string Topic = Cluster + "/topics/{topic}";
    private const string Partition = Topic + "/partitions/{partition}";

    /// <summary>A literal, such as a dash for all, goes before the parameter in its place: the first that fits is taken.</summary>
    public static Route[] All() => [.. OfClusters(), .. OfBrokers(), .. OfGroups(), .. OfTopics()];

    private static Route[] OfClusters() =>
    [
        new("/v3/clusters", new RouteMethod("GET", "api.v3.clusters.list", RequestEntity.Ignored, Clusters.ListAsync, ResponseEntity.Json)),
        new(Cluster, Get("clusters.get", Clusters.GetAsync)),
        new(
            Cluster + "/acls",
            Get("acls.list", Clusters.RefuseAclsAsync),
            Post("acls.create", Clusters.RefuseAclsAsync),
            Delete("acls.delete", Clusters.RefuseAclsAsync)),
        new(Cluster + "/acls:batch", Post("acls.batch-create", Clusters.RefuseAclsAsync)),
        new(Cluster + "/broker-configs", Get("cluster-configs.list", V3Configs.OfCluster.ListAsync)),
        new(Cluster + "/broker-configs:alter", Post("cluster-configs.alter", V3Configs.OfCluster.AlterAsync)),
        ConfigRoute(Cluster + "/broker-configs/{name}", "cluster-configs", V3Configs.OfCluster),
    ];

    private static Route[] OfBrokers() =>
    [
        new(Cluster + "/brokers", Get("brokers.list", Clusters.ListBrokersAsync)),
        new(Cluster + "/brokers/{broker}", Get("brokers.get", Clusters.GetBrokerAsync)),
        new(Cluster + "/brokers/-/configs", Get("brokers-configs.list", V3Configs.ListAllBrokersAsync)),
        new(Cluster + "/brokers/{broker}/configs", Get("broker-configs.list", V3Configs.OfBroker.ListAsync)),
        new(Cluster + "/brokers/{broker}/configs:alter", Post("broker-configs.alter", V3Configs.OfBroker.AlterAsync)),
        ConfigRoute(Cluster + "/brokers/{broker}/configs/{name}", "broker-configs", V3Configs.OfBroker),
        new(Cluster + "/brokers/{broker}/partition-replicas", Get("replicas.search-by-broker", V3Partitions.ListReplicasOfBrokerAsync)),
    ];

    private static Route[] OfGroups() =>
    [
        new(Cluster + "/consumer-groups", Get("consumer-groups.list", V3Groups.ListAsync)),
        new(Group, Get("consumer-groups.get", V3Groups.GetAsync)),
        new(Group + "/consumers", Get("consumers.list", V3Groups.ListConsumersAsync)),
        new(Consumer, Get("consumers.get", V3Groups.GetConsumerAsync)),
        new(Consumer + "/assignments", Get("consumer-assignments.list", V3Groups.ListAssignmentsAsync)),
        new(Consumer + "/assignments/{topic}/partitions/{partition}", Get("consumer-assignments.get", V3Groups.GetAssignmentAsync)),
        new(Group + "/lag-summary", Get("consumer-group-lag-summary.get", V3Lags.GetSummaryAsync)),
        new(Group + "/lags", Get("consumer-lags.list", V3Lags.ListAsync)),
        new(Group + "/lags/{topic}/partitions/{partition}", Get("consumer-lags.get", V3Lags.GetAsync)),
    ];

    private static Route[] OfTopics() =>
    [
        new(Cluster + "/topics", Get("topics.list", V3Topics.ListAsync), Post("topics.create", V3Topics.CreateAsync)),
        new(
            Topic,
            Get("topics.get", V3Topics.GetAsync),
            Method("PATCH", "topics.partitions", RequestEntity.Json, V3Topics.AddPartitionsAsync),
            Delete("topics.delete", V3Topics.DeleteAsync)),
        new(Cluster + "/topics/-/configs", Get("topic-configs.list", V3Configs.ListAllTopicsAsync)),
        new(Cluster + "/topics/-/configs:alter", Post("topic-configs.alter-multi", V3Configs.AlterTopicsAsync)),
        new(Topic + "/configs", Get("topic-configs.list", V3Configs.OfTopic.ListAsync)),
        new(Topic + "/configs:alter", Post("topic-configs.alter", V3Configs.OfTopic.AlterAsync)),
        ConfigRoute(Topic + "/configs/{name}", "topic-configs", V3Configs.OfTopic),
        new(Topic + "/partitions", Get("partitions.list", V3Partitions.ListAsync)),
        new(Partition, Get("partitions.get", V3Partitions.GetAsync)),
        new(Partition + "/offset", Get("partitions.list.offsets", V3Partitions.GetOffsetsAsync)),
        new(Cluster + "/topics/-/partitions/-/reassignment", Get("partition-reassignments.list", V3Partitions.ListAllReassignmentsAsync)),
        new(Topic + "/partitions/-/reassignment", Get("partition-reassignments.search-by-topic", V3Partitions.ListTopicReassignmentsAsync)),
        new(Partition + "/reassignment", Get("partition-reassignments.get", V3Partitions.GetReassignmentAsync)),
        new(Partition + "/replicas", Get("replicas.list", V3Partitions.ListReplicasAsync)),
        new(Partition + "/replicas/{broker}", Get("replicas.get", V3Partitions.GetReplicaAsync)),
        new(Topic + "/records", Post("produce.produce-to-topic", V3Produce.StreamAsync)),
        new(Topic + "/records:batch", Post("batch-produce.produce-to-topic", V3Batch.ProduceAsync)),
    ];

    private static Route ConfigRoute(string template, string names, V3Configs configs) => new(
        template,
        Get(names + ".get", configs.GetAsync),
        Method("PUT", names + ".update", RequestEntity.Json, configs.SetAsync),
        Delete(names + ".delete", configs.ResetAsync));

    private static RouteMethod Get(string name, RestAction action) => Method("GET", name, RequestEntity.Ignored, action);

    private static RouteMethod Post(string name, RestAction action) => Method("POST", name, RequestEntity.Json, action);

    private static RouteMethod Delete(string name, RestAction action) => Method("DELETE", name, RequestEntity.Ignored, action);

    private static RouteMethod Method(string method, string name, RequestEntity entity, RestAction action) =>
        new(method, "api.v3." + name, entity, V3Call.InCluster(action), ResponseEntity.Json);
}
