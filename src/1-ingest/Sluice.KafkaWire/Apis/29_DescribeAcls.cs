using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// DescribeAcls, key 29, versions 1-3 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_DescribeAcls
//
// Behaviour: SECURITY_DISABLED, as a Kafka broker without an authorizer answers.
//
// Known differences: there is no authorizer that could be switched on.
internal static class DescribeAcls
{
    public const string NoAuthorizer = "No Authorizer is configured on the broker.";

    public static readonly KafkaApi Api = new(29, "DescribeAcls", 1, 3, 2, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteError(KafkaError.SecurityDisabled);
        response.WriteNullableString(NoAuthorizer);
        response.WriteArrayLength(0);
        response.WriteTags();
        return default;
    }
}
