using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// ApiVersions, key 18, versions 0-4 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_ApiVersions
//
// Behaviour: lists what ApiTable holds. The response header is version 0 in every version, flexible ones too, because a client reads it
// before it knows what the broker speaks (KIP-511). A version above 4 is answered with UNSUPPORTED_VERSION in the layout of version 0,
// the list filled, so that the client can ask again.
//
// Known differences: no features are advertised, neither supported nor finalized (transaction.version, group.version, ...).
internal static class ApiVersions
{
    public const short Key = 18;

    public static readonly KafkaApi Api = new(Key, "ApiVersions", 0, 4, 3, AnswerAsync);

    /// <summary>The answer to a version that this broker does not know; the response holds a header of version 0.</summary>
    public static void WriteUnsupported(KafkaWriter response)
    {
        response.IsFlexible = false;
        response.WriteError(KafkaError.UnsupportedVersion);
        WriteList(response);
    }

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        // The client's name and version (from 3) are of no use here.
        var response = call.Response;
        response.WriteError(KafkaError.None);
        WriteList(response);
        if (call.Version >= 1) response.WriteThrottleTime();
        response.WriteTags();
        return default;
    }

    private static void WriteList(KafkaWriter response)
    {
        response.WriteArrayLength(ApiTable.All.Count);
        foreach (var api in ApiTable.All)
        {
            response.WriteInt16(api.Key);
            response.WriteInt16(api.MinVersion);
            response.WriteInt16(api.MaxVersion);
            response.WriteTags();
        }
    }
}
