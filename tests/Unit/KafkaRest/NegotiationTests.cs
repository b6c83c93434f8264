using Sluice.KafkaRest.Http;

namespace Sluice.Unit.KafkaRest;

public sealed class NegotiationTests
{
    [Theory]
    [InlineData("application/vnd.kafka.json.v2+json", (int)EmbeddedFormat.Json)]
    [InlineData("Application/VND.kafka.JSON.v2+json ; charset=UTF-8", (int)EmbeddedFormat.Json)]
    [InlineData("application/vnd.kafka.binary.v2+json", (int)EmbeddedFormat.Binary)]
    [InlineData("application/vnd.kafka.avro.v2+json", (int)EmbeddedFormat.Avro)]
    [InlineData("application/vnd.kafka.jsonschema.v2+json", (int)EmbeddedFormat.JsonSchema)]
    [InlineData("application/vnd.kafka.protobuf.v2+json", (int)EmbeddedFormat.Protobuf)]
    [InlineData(null, (int)EmbeddedFormat.Binary)]
    [InlineData("application/json", (int)EmbeddedFormat.None)]
    [InlineData(";", (int)EmbeddedFormat.None)]
    public void The_content_type_says_the_format(string? contentType, int format)
    {
        ((int)Negotiation.FormatOf(contentType)).ShouldBe(format);
    }

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/vnd.kafka.v2+json", "application/vnd.kafka.v2+json")]
    public void An_early_error_is_plain_json_unless_the_v2_type_is_named(string? accept, string type)
    {
        Negotiation.TypeOfEarlyError(accept).ShouldBe(type);
    }
}
