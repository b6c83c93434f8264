using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// SaslHandshake, key 17, version 1 (never flexible). https://kafka.apache.org/protocol#The_Messages_SaslHandshake
//
// Behaviour: names the mechanisms there are, PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512; SaslAuthenticate follows. A broker without users takes
// a handshake too; PLAIN lets everybody in then.
//
// Known differences: version 0, after which tokens come without a header, is not advertised: of clients still
// in use only kafka-python 2.0 and older ask for it. GSSAPI and OAUTHBEARER are not offered.
internal static class SaslHandshake
{
    public const short Key = 17;

    public static readonly KafkaApi Api = new(Key, "SaslHandshake", 1, 1, short.MaxValue, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var isOffered = call.Sasl.Handshake(call.Reader().ReadString());
        call.Response.WriteError(isOffered ? KafkaError.None : KafkaError.UnsupportedSaslMechanism);
        call.Response.WriteArrayLength(SaslSession.Mechanisms.Count);
        foreach (var mechanism in SaslSession.Mechanisms) call.Response.WriteString(mechanism);
        return default;
    }
}
