using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// CreateAcls, key 30, versions 1-3 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_CreateAcls
//
// Behaviour: SECURITY_DISABLED for each entry, as a Kafka broker without an authorizer answers.
//
// Known differences: there is no authorizer that could be switched on.
internal static class CreateAcls
{
    public static readonly KafkaApi Api = new(30, "CreateAcls", 1, 3, 2, AnswerAsync);

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
            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }
}
