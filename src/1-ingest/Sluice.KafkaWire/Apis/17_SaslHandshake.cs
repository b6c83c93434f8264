using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// SaslHandshake, key 17, version 1 (never flexible). https://kafka.apache.org/protocol#The_Messages_SaslHandshake
//
// Behaviour: names PLAIN as the mechanism there is; SaslAuthenticate follows. A broker without users takes a handshake too, and
// lets everybody in.
//
// Known differences: version 0, after which tokens come without a header, is not advertised: of clients still
// in use only kafka-python 2.0 and older ask for it. SCRAM, GSSAPI and OAUTHBEARER are not offered.
internal static class SaslHandshake
{
    public const short Key = 17;

    public static readonly KafkaApi Api = new(Key, "SaslHandshake", 1, 1, short.MaxValue, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var mechanism = call.Reader().ReadString();
        call.Sasl.IsHandshaken = mechanism == SaslSession.Mechanism;
        call.Response.WriteError(call.Sasl.IsHandshaken ? KafkaError.None : KafkaError.UnsupportedSaslMechanism);
        call.Response.WriteArrayLength(1);
        call.Response.WriteString(SaslSession.Mechanism);
        return default;
    }
}
