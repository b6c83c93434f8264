using Sluice.Log.Kafka;
using Sluice.Log.Kafka.Client;

namespace Sluice.Unit.LogKafka;

public sealed class ClientPropertiesTests
{
    private static KafkaLogOptions With(params (string Name, string Value)[] properties) =>
        new() { BootstrapServers = "b:9092", Properties = properties.ToDictionary(p => p.Name, p => p.Value) };

    [Fact]
    public void What_the_user_sets_reaches_every_client()
    {
        var properties = new ClientProperties(With(("security.protocol", "SASL_SSL"), ("linger.ms", "0"), ("ssl.ca.location", "/ca.pem")));
        foreach (var of in (Dictionary<string, string>[])[properties.OfAdmin(), properties.OfConsumer(), properties.OfProducer()])
        {
            of["security.protocol"].ShouldBe("SASL_SSL");
            of["ssl.ca.location"].ShouldBe("/ca.pem");
            of["bootstrap.servers"].ShouldBe("b:9092");
            of["linger.ms"].ShouldBe("0");
        }
    }

    [Theory]
    [InlineData("acks")]
    [InlineData("isolation.level")]
    [InlineData("enable.idempotence")]
    [InlineData("bootstrap.servers")]
    public void What_promises_rest_on_cannot_be_set(string name) =>
        Should.Throw<KafkaLogException>(() => new ClientProperties(With((name, "1")))).Message.ShouldContain($"'{name}'");

    [Fact]
    public void IAM_is_tokens_over_TLS()
    {
        var properties = new ClientProperties(With() with { IamRegion = "eu-west-1" }).OfConsumer();
        (properties["security.protocol"], properties["sasl.mechanism"]).ShouldBe(("SASL_SSL", "OAUTHBEARER"));
    }

    [Fact]
    public void Records_are_stored_once_and_read_when_committed()
    {
        var properties = new ClientProperties(With());
        (properties.OfProducer()["enable.idempotence"], properties.OfProducer()["acks"]).ShouldBe(("true", "all"));
        properties.OfConsumer()["isolation.level"].ShouldBe("read_committed");
    }
}
