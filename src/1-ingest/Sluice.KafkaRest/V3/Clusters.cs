using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.V3;

/// <summary><c>/v3/clusters</c>, its brokers, and its access control, which a cluster without an authorizer has none of.</summary>
internal static class Clusters
{
    public static Task ListAsync(RestRequest request)
    {
        V3Call.WriteList(request, "KafkaClusterList", [0], static (writer, _) => WriteCluster(writer));
        return Task.CompletedTask;
    }

    public static Task GetAsync(RestRequest request)
    {
        V3Call.Write(request, StatusCodes.Status200OK, 0, static (writer, _) => WriteCluster(writer));
        return Task.CompletedTask;
    }

    public static Task ListBrokersAsync(RestRequest request)
    {
        V3Call.WriteList(request, "KafkaBrokerList", [0], static (writer, _) => WriteBroker(writer));
        return Task.CompletedTask;
    }

    public static Task GetBrokerAsync(RestRequest request)
    {
        if (request.Values.Second == $"{request.Services.Options.BrokerId}")
            V3Call.Write(request, StatusCodes.Status200OK, 0, static (writer, _) => WriteBroker(writer));
        else
            RestResponse.WriteError(request.Http, new RestError(404, 404, $"Broker {request.Values.Second} cannot be found."), Negotiation.Json);
        return Task.CompletedTask;
    }

    public static Task RefuseAclsAsync(RestRequest request)
    {
        RestResponse.WriteError(request.Http, RestError.BadTopic("No Authorizer is configured on the broker."), Negotiation.Json);
        return Task.CompletedTask;
    }

    private static void WriteCluster(V3Writer writer)
    {
        writer.Begin("KafkaCluster", "");
        writer.Link("controller", $"/brokers/{writer.Broker}");
        writer.Link("acls", "/acls");
        writer.Link("brokers", "/brokers");
        writer.Link("broker_configs", "/broker-configs");
        writer.Link("consumer_groups", "/consumer-groups");
        writer.Link("topics", "/topics");
        writer.Link("partition_reassignments", "/topics/-/partitions/-/reassignment");
        writer.End();
    }

    private static void WriteBroker(V3Writer writer)
    {
        writer.Begin("KafkaBroker", $"/brokers/{writer.Broker}", ("broker", $"{writer.Broker}"));
        writer.Json.WriteNumber("broker_id"u8, writer.Broker);
        writer.Json.WriteNull("host"u8);
        writer.Json.WriteNull("port"u8);
        writer.Json.WriteNull("rack"u8);
        writer.Link("configs", $"/brokers/{writer.Broker}/configs");
        writer.Link("partition_replicas", $"/brokers/{writer.Broker}/partition-replicas");
        writer.End();
    }
}
