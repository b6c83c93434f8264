using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// SaslAuthenticate, key 36, versions 0-2 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_SaslAuthenticate
//
// Behaviour: checks a PLAIN message (RFC 4616) against the configured users. Before a handshake it is answered ILLEGAL_SASL_STATE; with a
// wrong user or password SASL_AUTHENTICATION_FAILED, and the connection may try again.
//
// Known differences: sessions do not expire (session_lifetime_ms is 0); Kafka closes a connection whose authentication failed.
internal static class SaslAuthenticate
{
    public const short Key = 36;

    public static readonly KafkaApi Api = new(Key, "SaslAuthenticate", 0, 2, 2, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var message = call.Reader().ReadBytes();
        var (error, text) = Check(call, message.Span);
        call.Response.WriteError(error);
        call.Response.WriteNullableString(text);
        call.Response.WriteBytes([]);
        if (call.Version >= 1) call.Response.WriteInt64(0);
        call.Response.WriteTags();
        return default;
    }

    private static (KafkaError Error, string? Text) Check(KafkaCall call, ReadOnlySpan<byte> message)
    {
        if (!call.Sasl.IsHandshaken) return (KafkaError.IllegalSaslState, "A SaslHandshake has to come first.");
        if (call.Broker.Options.SaslPlainUsers.Count == 0 || call.Sasl.Authenticate(message)) return (KafkaError.None, null);
        return (KafkaError.SaslAuthenticationFailed, "Authentication failed: wrong user name or password.");
    }
}
