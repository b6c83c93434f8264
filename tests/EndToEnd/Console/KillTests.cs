using System.Globalization;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Console;

public sealed class KillTests(ITestOutputHelper output)
{
    private const int RowsPerTable = 10_000;
    private const int Kills = 10;
    private static readonly string[] s_datasets = ["pin", "geo", "user"];

    [Fact(Timeout = 300_000)]
    public async Task Ten_kills_under_load_lose_no_accepted_record_and_double_none()
    {
        var seed = int.Parse(Environment.GetEnvironmentVariable("SLUICE_TEST_SEED") ?? "20260", CultureInfo.InvariantCulture);
        output.WriteLine($"seed {seed}: set SLUICE_TEST_SEED to replay the moments of the kills");
        var random = new Random(seed);
        var source = $"generated:rows={RowsPerTable},seed={seed}";
        await using var station = new Station();
        await station.StartAsync();
        await using var toTopics = station.Begin("emulate", "batch", "--source", source, "--rate", "2000", "--attempts", "60", "--gateway", station.Gateway);
        await using var toStreams = station.Begin("emulate", "stream", "--source", source, "--rate", "2000", "--attempts", "60", "--gateway", station.Gateway);
        for (var kill = 0; kill < Kills; kill++)
        {
            var accepted = RowsPerTable * s_datasets.Length * (kill + random.NextDouble()) / (Kills + 1);
            await toStreams.LineAsync("accepted ([0-9,]+)", m => long.Parse(m.Groups[1].Value, NumberStyles.Number, CultureInfo.InvariantCulture) >= accepted);
            await using var run = kill % 2 == 0 ? null : station.Begin("run", "daily");
            if (run is not null) await run.LineAsync("clean|analyse");
            await station.KillAsync();
            await station.StartAsync();
        }

        foreach (var emulator in new[] { toTopics, toStreams })
        {
            await emulator.LineAsync("^total");
            (await emulator.ExitCodeAsync()).ShouldBe(0, emulator.Printed);
        }

        await station.RunAsync("run", "daily");
        await station.RunAsync("run", "daily", "--path", "stream");
        await LedgerClosesAsync(station);
        await station.RunAsync("verify-paths");
        await EqualsUndisturbedRunAsync(station, source);
    }

    private static async Task LedgerClosesAsync(Station station)
    {
        var ledger = await station.LedgerAsync();
        ledger.GetProperty("lines").GetArrayLength().ShouldBe(2 * s_datasets.Length, "a line for each dataset on each path");
        ledger.GetProperty("closes").GetBoolean().ShouldBeTrue(ledger.ToString());
        foreach (var line in ledger.GetProperty("lines").EnumerateArray())
        {
            long Count(string name) => line.GetProperty(name).GetInt64();
            Count("waiting").ShouldBe(0);
            Count("received").ShouldBe(Count("clean") + Count("quarantined") + Count("duplicate"));
            // A post whose answer the kill swallowed is sent again: then the log has it twice, and the table once.
            Count("received").ShouldBeGreaterThanOrEqualTo(RowsPerTable);
        }
    }

    private static async Task EqualsUndisturbedRunAsync(Station station, string source)
    {
        await using var undisturbed = new Station();
        await undisturbed.RunAsync("demo", "--source", source, "--json");
        foreach (var dataset in s_datasets)
        {
            var rows = $"SELECT * FROM batch.{dataset} ORDER BY ind";
            (await station.QueryAsync(rows)).ShouldBe(await undisturbed.QueryAsync(rows), $"batch.{dataset}");
            var refused = $"SELECT DISTINCT raw FROM quarantine.{dataset} ORDER BY raw";
            (await station.QueryAsync(refused)).ShouldBe(await undisturbed.QueryAsync(refused), $"quarantine.{dataset}");
        }
    }
}
