using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// SaslAuthenticate, key 36, versions 0-2 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_SaslAuthenticate
//
// Behaviour: a step of the exchange that the handshake chose, PLAIN (RFC 4616) or SCRAM (RFC 5802). Before a handshake it is answered
// ILLEGAL_SASL_STATE; with a wrong user or password SASL_AUTHENTICATION_FAILED, and the connection ends.
//
// Known differences: sessions do not expire (session_lifetime_ms is 0).
internal static class SaslAuthenticate
{
    public const short Key = 36;

    public static readonly KafkaApi Api = new(Key, "SaslAuthenticate", 0, 2, 2, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var message = call.Reader().ReadBytes();
        var (error, text, answer) = Answer(call, message.Span);
        call.Response.WriteError(error);
        call.Response.WriteNullableString(text);
        call.Response.WriteBytes(answer);
        if (call.Version >= 1) call.Response.WriteInt64(0);
        call.Response.WriteTags();
        return default;
    }

    private static (KafkaError Error, string? Text, byte[] Bytes) Answer(KafkaCall call, ReadOnlySpan<byte> message)
    {
        if (!call.Sasl.IsHandshaken) return (KafkaError.IllegalSaslState, "A SaslHandshake has to come first.", []);
        if (call.Sasl.Answer(message) is { } answer) return (KafkaError.None, null, answer);
        return (KafkaError.SaslAuthenticationFailed, "Authentication failed: wrong user name or password.", []);
    }
}
