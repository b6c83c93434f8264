using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.V3;

/// <summary>The paths under <c>/v3/clusters</c> (https://docs.confluent.io/platform/current/kafka-rest/api.html#crest-api-v3).</summary>
internal static class V3Routes
{
    private const string Cluster = "/v3/clusters/{cluster}";
    private const string Topic = Cluster + "/topics/{topic}";

    public static Route[] All() =>
    [
        new("/v3/clusters", new RouteMethod("GET", RequestEntity.Ignored, Clusters.ListAsync, ResponseEntity.Json)),
        new(Cluster, Get(Clusters.GetAsync)),
        new(Cluster + "/acls", Get(Clusters.RefuseAclsAsync), Post(Clusters.RefuseAclsAsync), Delete(Clusters.RefuseAclsAsync)),
        new(Cluster + "/acls:batch", Post(Clusters.RefuseAclsAsync)),
        new(Cluster + "/brokers", Get(Clusters.ListBrokersAsync)),
        new(Cluster + "/brokers/{broker}", Get(Clusters.GetBrokerAsync)),
        new(Cluster + "/topics", Get(V3Topics.ListAsync), Post(V3Topics.CreateAsync)),
        new(Topic, Get(V3Topics.GetAsync), Delete(V3Topics.DeleteAsync)),
        new(Topic + "/configs", Get(V3Partitions.ListConfigsAsync)),
        new(Topic + "/configs/{name}", Get(V3Partitions.GetConfigAsync)),
        new(Topic + "/partitions", Get(V3Partitions.ListAsync)),
        new(Topic + "/partitions/{partition}", Get(V3Partitions.GetAsync)),
        new(Topic + "/partitions/{partition}/replicas", Get(V3Partitions.ListReplicasAsync)),
        new(Topic + "/partitions/{partition}/replicas/{broker}", Get(V3Partitions.GetReplicaAsync)),
        new(Topic + "/records", Post(V3Produce.StreamAsync)),
        new(Topic + "/records:batch", Post(V3Batch.ProduceAsync)),
    ];

    private static RouteMethod Get(RestAction action) => Method("GET", RequestEntity.Ignored, action);

    private static RouteMethod Post(RestAction action) => Method("POST", RequestEntity.Json, action);

    private static RouteMethod Delete(RestAction action) => Method("DELETE", RequestEntity.Ignored, action);

    private static RouteMethod Method(string method, RequestEntity entity, RestAction action) =>
        new(method, entity, V3Call.InCluster(action), ResponseEntity.Json);
}
