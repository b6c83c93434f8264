using Confluent.Kafka;
using Sluice.EndToEnd.Console;

namespace Sluice.EndToEnd.KafkaWire;

/// <summary>A pipeline's topic that a transactional producer of librdkafka writes to.</summary>
public sealed class TransactionalPipelineTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 180_000)]
    public async Task A_daily_run_over_transactions_takes_what_was_committed_and_closes()
    {
        await using var station = new Station();
        await station.StartAsync();
        var topic = (await station.LedgerAsync()).GetProperty("lines").EnumerateArray()
            .First(a => a.GetProperty("dataset").GetString() == "geo" && a.GetProperty("path").GetString() == "batch").GetProperty("topic").GetString()!;
        using (var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = station.Kafka, TransactionalId = "e2e" }).Build())
        {
            producer.InitTransactions(s_patience);
            for (var round = 0; round < 10; round++)
            {
                producer.BeginTransaction();
                for (var i = 0; i < 10; i++) producer.Produce(topic, new Message<Null, string> { Value = Geo((10 * round) + i) });
                producer.Flush(s_patience).ShouldBe(0);
                if (round % 3 == 2) producer.AbortTransaction(s_patience);
                else producer.CommitTransaction(s_patience);
            }
        }

        await station.RunAsync("run", "daily");

        var account = (await station.LedgerAsync()).GetProperty("lines").EnumerateArray()
            .First(a => a.GetProperty("topic").GetString() == topic);
        account.GetProperty("received").GetInt64().ShouldBe(70);
        account.GetProperty("clean").GetInt64().ShouldBe(70);
        account.GetProperty("waiting").GetInt64().ShouldBe(0);
        account.GetProperty("closes").GetBoolean().ShouldBeTrue();
        (await station.QueryAsync("SELECT count(*) FROM batch.geo")).ShouldContain("70");
        (await station.StopAsync()).ShouldBe(0);
    }

    private static string Geo(int ind) =>
        $$"""{"ind":{{ind}},"timestamp":"2022-01-01T00:00:00","latitude":1.5,"longitude":2.5,"country":"Albania"}""";
}
