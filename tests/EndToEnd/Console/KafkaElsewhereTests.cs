namespace Sluice.EndToEnd.Console;

/// <summary>A service whose topics are in the Kafka of another one.</summary>
public sealed class KafkaElsewhereTests
{
    [Fact(Timeout = 180_000)]
    public async Task A_demo_whose_topics_are_in_a_kafka_elsewhere_closes_its_ledger()
    {
        await using var kafka = new Station();
        await kafka.StartAsync();
        await using var station = new Station($"log: {{ kafka: {{ bootstrap-servers: \"{kafka.Kafka}\" }} }}");
        var printed = await station.RunAsync(["demo", "--rows", "2000", .. station.Config]);
        printed.ShouldContain("closes");
        printed.ShouldNotContain("DOES NOT CLOSE");
        printed.ShouldNotContain("DIFFERENT");
        (await kafka.StopAsync()).ShouldBe(0);
    }

    [Fact(Timeout = 180_000)]
    public async Task Batch_and_stream_are_cleaned_from_another_service_s_kafka()
    {
        await using var kafka = new Station();
        await kafka.StartAsync();
        await using var station = new Station($"log: {{ kafka: {{ bootstrap-servers: \"{kafka.Kafka}\" }} }}\nstream: {{ kafka: true }}");
        await station.StartAsync();
        station.Kafka.ShouldBe(kafka.Kafka);
        await station.RunAsync("emulate", "batch", "--rows", "300", "--gateway", station.Gateway);
        await station.RunAsync("emulate", "batch", "--rows", "300", "--gateway", kafka.Gateway);
        await station.RunAsync("emulate", "stream", "--rows", "300", "--batch", "100", "--gateway", kafka.Gateway);
        await station.RunAsync("run", "daily");
        await station.RunAsync("run", "daily", "--path", "stream");
        (await station.QueryAsync("SELECT count(*) FROM batch.geo")).ShouldContain("300");
        (await station.QueryAsync("SELECT count(*) FROM duplicates.geo WHERE path = 'batch'")).ShouldContain("300");
        (await station.QueryAsync("SELECT count(*) FROM stream.geo")).ShouldContain("300");
        (await station.LedgerAsync()).GetProperty("closes").GetBoolean().ShouldBeTrue();
        (await station.StopAsync()).ShouldBe(0);
        (await kafka.StopAsync()).ShouldBe(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_kafka_that_is_not_there_ends_the_start_with_its_address_and_a_remedy()
    {
        await using var station = new Station("log: { kafka: { bootstrap-servers: \"127.0.0.1:1\" } }");
        var result = await Sluice.Testing.SluiceProcess.RunAsync(["up", "--data", station.Data, .. station.Config]);
        result.ExitCode.ShouldBe(1);
        result.Error.ShouldContain("127.0.0.1:1");
        result.Error.ShouldContain("bootstrap.servers");
        result.Error.ShouldNotContain("   at ");
    }
}
