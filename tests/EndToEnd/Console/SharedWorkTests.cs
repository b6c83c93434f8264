using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Console;

/// <summary>Services that share one pipeline's work over the Kafka of another: one comes, one is killed, one takes its place.</summary>
public sealed class SharedWorkTests
{
    private const int Rows = 400;
    private static readonly string[] s_datasets = ["pin", "geo", "user"];

    [Fact(Timeout = 400_000)]
    public async Task Every_record_is_once_in_objects_and_tables_while_services_come_and_die()
    {
        using var shared = new TemporaryFolder();
        await using var kafka = new Station("log: { partitions: 3 }\nstream: { shards: 3 }");
        await kafka.StartAsync();
        await using var first = Worker(kafka, shared);
        await first.StartAsync();
        await PostAsync(kafka, 1);
        await using (var second = Worker(kafka, shared))
        {
            await second.StartAsync();
            await PostAsync(kafka, 2);
            await second.KillAsync();
        }

        await using var third = Worker(kafka, shared);
        await third.StartAsync();
        await PostAsync(kafka, 3);
        await CleanAsync(first);

        var ledger = await first.LedgerAsync();
        ledger.GetProperty("closes").GetBoolean().ShouldBeTrue(ledger.ToString());
        foreach (var line in ledger.GetProperty("lines").EnumerateArray()) line.GetProperty("received").GetInt64().ShouldBe(3 * Rows, line.ToString());
        foreach (var dataset in s_datasets)
        {
            (await first.QueryAsync($"SELECT count(*) - count(DISTINCT ind) FROM batch.{dataset}")).ShouldContain("\n0");
            (await first.QueryAsync($"SELECT count(*) - count(DISTINCT ind) FROM stream.{dataset}")).ShouldContain("\n0");
        }

        LinesOfObjects(shared).ShouldBe(s_datasets.Length * 3 * Rows);
        (await third.StopAsync()).ShouldBe(0);
        (await first.StopAsync()).ShouldBe(0);
        (await kafka.StopAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("shared: there")]
    [InlineData("log: { kafka: { bootstrap-servers: \"127.0.0.1:1\", group-id: g } }")]
    public async Task A_group_without_a_shared_directory_or_the_other_way_round_is_refused(string config)
    {
        await using var station = new Station(config);
        var result = await SluiceProcess.RunAsync(["up", "--data", station.Data, .. station.Config]);
        result.ExitCode.ShouldBe(2);
        result.Error.ShouldContain("log.kafka.group-id and shared go together");
    }

    private static Station Worker(Station kafka, TemporaryFolder shared) => new($$"""
        shared: {{shared.At("store")}}
        log:
          kafka:
            bootstrap-servers: "{{kafka.Kafka}}"
            group-id: workers
            properties: { session.timeout.ms: "6000", heartbeat.interval.ms: "1000" }
        stream: { kafka: true }
        sink: { idle.flush.ms: "1000", flush.size: "100" }
        """);

    private static async Task PostAsync(Station kafka, int seed)
    {
        foreach (var (kind, many) in new[] { ("batch", "--records-per-post"), ("stream", "--batch") })
            await kafka.RunAsync("emulate", kind, "--rows", $"{Rows}", "--seed", $"{seed}", many, "50", "--gateway", kafka.Gateway);
    }

    /// <summary>Runs until nothing waits: what another service has open, or died with, comes when it is idle or was missed.</summary>
    private static async Task CleanAsync(Station station)
    {
        while (true)
        {
            await station.RunAsync("run", "daily");
            var ledger = await station.LedgerAsync();
            if (ledger.GetProperty("lines").EnumerateArray().Sum(line => line.GetProperty("waiting").GetInt64()) == 0) return;
        }
    }

    private static int LinesOfObjects(TemporaryFolder shared) => Directory
        .EnumerateFiles(shared.At("store"), "*.json", SearchOption.AllDirectories)
        .Where(file => file.Contains($"{Path.DirectorySeparatorChar}topics{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .Sum(file => File.ReadLines(file).Count());
}
