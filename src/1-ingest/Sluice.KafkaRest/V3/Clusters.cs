using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary><c>/v3/clusters</c>, its brokers, and its access control, which is refused as by a cluster without an authorizer.</summary>
internal static class Clusters
{
    public static async Task ListAsync(RestRequest request)
    {
        await request.Services.FindClusterIdAsync(request.Cancel);
        V3Call.WriteList(request, "KafkaClusterList", [await request.Services.Admin.DescribeClusterAsync(request.Cancel)], WriteCluster);
    }

    public static async Task GetAsync(RestRequest request) => V3Call.Write(
        request, StatusCodes.Status200OK, await request.Services.Admin.DescribeClusterAsync(request.Cancel), WriteCluster);

    public static async Task ListBrokersAsync(RestRequest request)
    {
        var cluster = await request.Services.Admin.DescribeClusterAsync(request.Cancel);
        V3Call.WriteList(request, "KafkaBrokerList", cluster.Brokers, WriteBroker);
    }

    public static async Task GetBrokerAsync(RestRequest request)
    {
        if (await V3Call.FindBrokerAsync(request) is { } broker) V3Call.Write(request, StatusCodes.Status200OK, broker, WriteBroker);
    }

    public static Task RefuseAclsAsync(RestRequest request)
    {
        V3Call.WriteError(request, RestError.Of(request.Services.Admin.AclRefusal));
        return Task.CompletedTask;
    }

    private static void WriteCluster(V3Writer writer, ClusterDescription cluster)
    {
        writer.Begin("KafkaCluster", "");
        if (cluster.ControllerId is { } controller) writer.Link("controller", $"/brokers/{controller}");
        writer.Link("acls", "/acls");
        writer.Link("brokers", "/brokers");
        writer.Link("broker_configs", "/broker-configs");
        writer.Link("consumer_groups", "/consumer-groups");
        writer.Link("topics", "/topics");
        writer.Link("partition_reassignments", "/topics/-/partitions/-/reassignment");
        writer.End();
    }

    private static void WriteBroker(V3Writer writer, BrokerDescription broker)
    {
        var path = $"/brokers/{broker.Id}";
        writer.Begin("KafkaBroker", path, ("broker", $"{broker.Id}"));
        writer.Json.WriteNumber("broker_id"u8, broker.Id);
        writer.Json.WriteString("host"u8, broker.Host);
        if (broker.Port is { } port) writer.Json.WriteNumber("port"u8, port);
        else writer.Json.WriteNull("port"u8);
        writer.Json.WriteString("rack"u8, broker.Rack);
        writer.Link("configs", path + "/configs");
        writer.Link("partition_replicas", path + "/partition-replicas");
        writer.End();
    }
}
