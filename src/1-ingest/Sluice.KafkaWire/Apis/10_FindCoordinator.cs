using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// FindCoordinator, key 10, versions 0-4 (flexible from 3). https://kafka.apache.org/protocol#The_Messages_FindCoordinator
//
// Behaviour: this broker coordinates every group and every transactional id. From version 4 many keys can be asked for at once.
//
// Known differences: another key type is answered INVALID_REQUEST. Version 6 is for share groups, which are not there.
internal static class FindCoordinator
{
    private const sbyte GroupKey = 0;
    private const sbyte TransactionKey = 1;

    public static readonly KafkaApi Api = new(10, "FindCoordinator", 0, 4, 3, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var reader = call.Reader();
        string[] keys = call.Version < 4 ? [reader.ReadString()] : [];
        var type = call.Version >= 1 ? reader.ReadInt8() : GroupKey;
        if (call.Version >= 4) keys = reader.ReadStringArray();
        var isKnown = type is GroupKey or TransactionKey;
        var error = isKnown ? KafkaError.None : KafkaError.InvalidRequest;
        var message = isKnown ? null : $"There is no key type {type}.";
        var response = call.Response;
        if (call.Version >= 1) response.WriteThrottleTime();
        if (call.Version >= 4)
        {
            response.WriteArrayLength(keys.Length);
            foreach (var key in keys)
            {
                response.WriteString(key);
                WriteNode(call, error);
                response.WriteError(error);
                response.WriteNullableString(message);
                response.WriteTags();
            }
        }
        else
        {
            response.WriteError(error);
            if (call.Version >= 1) response.WriteNullableString(message);
            WriteNode(call, error);
        }

        response.WriteTags();
        return default;
    }

    private static void WriteNode(KafkaCall call, KafkaError error)
    {
        var isFound = error == KafkaError.None;
        call.Response.WriteInt32(isFound ? call.Broker.Options.BrokerId : -1);
        call.Response.WriteString(isFound ? call.Broker.AdvertisedHost : "");
        call.Response.WriteInt32(isFound ? call.Broker.AdvertisedPort : -1);
    }
}
