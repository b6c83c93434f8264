using System.Text.Json.Serialization;

namespace Sluice.KafkaWire.Sasl;

/// <summary>How credentials lie in the metadata; docs/formats/log.md shows them.</summary>
[JsonSerializable(typeof(ScramCredential[]))]
internal sealed partial class SaslJson : JsonSerializerContext;
