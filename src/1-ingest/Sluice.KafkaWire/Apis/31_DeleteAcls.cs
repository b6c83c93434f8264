using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// DeleteAcls, key 31, versions 1-3 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_DeleteAcls
//
// Behaviour: SECURITY_DISABLED for each filter, as a Kafka broker without an authorizer answers.
//
// Known differences: there is no authorizer that could be switched on.
internal static class DeleteAcls
{
    public static readonly KafkaApi Api = new(31, "DeleteAcls", 1, 3, 2, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var response = call.Response;
        var count = call.Reader().ReadArrayLength();
        response.WriteThrottleTime();
        response.WriteArrayLength(count);
        for (var i = 0; i < count; i++)
        {
            response.WriteError(KafkaError.SecurityDisabled);
            response.WriteNullableString(DescribeAcls.NoAuthorizer);
            response.WriteArrayLength(0);
            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }
}
