using System.Text.Json;
using Sluice.EndToEnd.Console;

namespace Sluice.EndToEnd.Quality;

public sealed class QualityTests
{
    [Fact(Timeout = 180_000)]
    public async Task Expectations_and_maintenance_are_seen_from_the_command_line()
    {
        await using var station = new Station();
        await station.RunAsync("demo", "--rows", "2000");

        using var quality = JsonDocument.Parse(await station.RunAsync("quality", "--json"));
        var lines = quality.RootElement.GetProperty("lines").EnumerateArray().ToList();
        lines.Count.ShouldBe(12);
        lines.ShouldAllBe(line => line.GetProperty("passed").GetInt64() > 1900 && line.GetProperty("lastRun").GetProperty("passed").GetInt64() > 1900);
        string[] paths = ["batch", "stream"];
        var counts = paths.Select(path => string.Join(' ', lines.Where(line => line.GetProperty("path").GetString() == path)
            .Select(line => $"{line.GetProperty("expectation")}:{line.GetProperty("passed")}/{line.GetProperty("failed")}"))).ToList();
        counts[1].ShouldBe(counts[0]);
        (await station.RunAsync("quality")).ShouldContain("poster_comes_with_a_count");
        (await station.QueryAsync("SELECT count(DISTINCT (dataset, path, expectation)) FROM quality.results")).ShouldContain("12");

        (await station.RunAsync("run", "maintenance")).ShouldContain("maintain.batch.pin");
        (await station.RunAsync("runs")).ShouldContain("maintenance");
        // The day's run is the one that maintenance's own calendar has for it.
        (await station.RunAsync("run", "maintenance", "--date", "2026-01-31")).ShouldContain("maintain.batch.pin");
        (await station.RunAsync("runs")).ShouldMatch("2026-01-31\\s+03:30");
        (await station.QueryAsync("SELECT count(*) FROM batch.user")).ShouldMatch("19[0-9]{2}|2000");
        (await station.LedgerAsync()).GetProperty("closes").GetBoolean().ShouldBeTrue();
    }
}
