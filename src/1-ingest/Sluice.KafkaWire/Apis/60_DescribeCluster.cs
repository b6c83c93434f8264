using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// DescribeCluster, key 60, versions 0-1 (flexible from 0). https://kafka.apache.org/protocol#The_Messages_DescribeCluster
//
// Behaviour: the one broker, which is the controller.
//
// Known differences: asked for controllers (endpoint type 2, version 1) it answers UNSUPPORTED_VERSION, for there is no controller to
// connect to. Authorized operations are never computed.
internal static class DescribeCluster
{
    private const sbyte Brokers = 1;
    private const int UnknownOperations = int.MinValue;

    public static readonly KafkaApi Api = new(60, "DescribeCluster", 0, 1, 0, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        reader.ReadBool();
        var endpointType = call.Version >= 1 ? reader.ReadInt8() : Brokers;
        var (response, broker) = (call.Response, call.Broker);
        var isKnown = endpointType == Brokers;
        response.WriteThrottleTime();
        response.WriteError(isKnown ? KafkaError.None : KafkaError.UnsupportedVersion);
        response.WriteNullableString(isKnown ? null : "Controllers cannot be connected to.");
        if (call.Version >= 1) response.WriteInt8(endpointType);
        response.WriteString(broker.ClusterId);
        response.WriteInt32(broker.Options.BrokerId);
        response.WriteArrayLength(isKnown ? 1 : 0);
        if (isKnown)
        {
            response.WriteInt32(broker.Options.BrokerId);
            response.WriteString(broker.AdvertisedHost);
            response.WriteInt32(broker.AdvertisedPort);
            response.WriteNullableString(null);
            response.WriteTags();
        }

        response.WriteInt32(UnknownOperations);
        response.WriteTags();
        return default;
    }
}
