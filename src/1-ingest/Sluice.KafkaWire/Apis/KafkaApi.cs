using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

/// <summary>An API that this broker has: the versions it advertises, the first of them in the flexible encoding, and what answers it.</summary>
internal sealed record KafkaApi(
    short Key, string Name, short MinVersion, short MaxVersion, short FirstFlexible, Func<KafkaCall, ValueTask> AnswerAsync)
{
    /// <summary>Whether the version is one of those advertised.</summary>
    public bool Has(short version) => version >= MinVersion && version <= MaxVersion;

    public bool IsFlexible(short version) => version >= FirstFlexible;
}

/// <summary>One request and the response that is being made of it.</summary>
internal sealed class KafkaCall
{
    public required KafkaServices Broker { get; init; }

    public required RequestHeader Header { get; init; }

    /// <summary>The fields of the API; valid until the response is made.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The response; its header is written.</summary>
    public required KafkaWriter Response { get; init; }

    public required SaslSession Sasl { get; init; }

    /// <summary>The address the request came from, as Kafka shows it: <c>/127.0.0.1</c>.</summary>
    public required string ClientHost { get; init; }

    /// <summary>Ends with the connection.</summary>
    public required CancellationToken Cancel { get; init; }

    /// <summary>The client wants no response: Produce with acks=0.</summary>
    public bool HasNoResponse { get; set; }

    public short Version => Header.Version;

    public KafkaReader Reader() => new(Body, Response.IsFlexible);
}
