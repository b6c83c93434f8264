using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Console;

public sealed class DemoTests
{
    [Fact(Timeout = 120_000)]
    public async Task Demo_answers_the_nine_questions_and_closes_the_ledger()
    {
        await using var station = new Station();
        var printed = await station.RunAsync("demo", "--rows", "2000");
        printed.ShouldContain("closes");
        foreach (var answer in Directory.GetFiles(Path.Combine(Repository.Root, "pipelines/pinterest/analyse"), "*.sql"))
        {
            var name = Path.GetFileNameWithoutExtension(answer)[3..];
            printed.ShouldContain(name);
            (await station.QueryAsync($"SELECT count(*) > 0 FROM answers.{name}")).ShouldContain("true", Case.Sensitive, name);
        }

        printed.ShouldContain("equal");
        printed.ShouldNotContain("DIFFERENT");
    }

    [Fact(Timeout = 120_000)]
    public async Task Commands_given_beside_the_service_run_inside_it()
    {
        await using var station = new Station();
        await station.StartAsync();
        await station.RunAsync("emulate", "batch", "--rows", "300", "--gateway", station.Gateway);
        await station.RunAsync("run", "daily");
        (await station.QueryAsync("SELECT count(*) FROM batch.geo")).ShouldContain("300");
        (await station.LedgerAsync()).GetProperty("closes").GetBoolean().ShouldBeTrue();
        (await station.StopAsync()).ShouldBe(0);
        (await station.QueryAsync("SELECT count(*) FROM batch.geo")).ShouldContain("300");
    }

    [Fact(Timeout = 120_000)]
    public async Task Rows_put_to_the_streams_are_in_the_tables_and_answered_while_the_service_runs()
    {
        await using var station = new Station();
        await station.StartAsync();
        await station.RunAsync("emulate", "stream", "--rows", "300", "--gateway", station.Gateway);
        await station.RunAsync("emulate", "stream", "--rows", "300", "--batch", "100", "--gateway", station.Gateway);
        await station.RunAsync("run", "daily", "--path", "stream");
        (await station.QueryAsync("SELECT count(*) FROM stream.geo")).ShouldContain("300");
        (await station.QueryAsync("SELECT count(*) FROM duplicates.geo WHERE path = 'stream'")).ShouldContain("300");
        (await station.QueryAsync("SELECT count(*) > 0 FROM answers_stream.category_by_country")).ShouldContain("true");
        (await station.RunAsync("stream", "status")).ShouldContain("running");
        (await station.LedgerAsync()).GetProperty("closes").GetBoolean().ShouldBeTrue();
        (await station.StopAsync()).ShouldBe(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_service_that_stops_brings_what_it_accepted_into_the_tables()
    {
        // Nothing but the end makes a commit.
        await using var station = new Station("stream: { age-max: 10m, idle: 10m }");
        await station.StartAsync();
        await station.RunAsync("emulate", "stream", "--rows", "300", "--batch", "100", "--gateway", station.Gateway);
        (await station.StopAsync()).ShouldBe(0);
        (await station.QueryAsync("SELECT count(*) FROM stream.geo")).ShouldContain("300");
        (await station.LedgerAsync()).GetProperty("closes").GetBoolean().ShouldBeTrue();
    }

    [Theory(Timeout = 120_000)]
    [InlineData("demo")]
    [InlineData("emulate batch")]
    public async Task No_rows_are_refused_with_a_reason(string command)
    {
        await using var station = new Station();
        var refused = await SluiceProcess.RunAsync([.. command.Split(' '), "--rows", "0", "--data", station.Data]);
        refused.ExitCode.ShouldBe(2);
        refused.Error.ShouldContain("0 rows: give 1 or more.");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_question_that_fails_is_told_and_the_others_are_answered()
    {
        using var folder = new TemporaryFolder();
        var shipped = Path.Combine(Repository.Root, "pipelines/pinterest");
        foreach (var file in Directory.GetFiles(shipped, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder.At("pipeline"), Path.GetRelativePath(shipped, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        const string Broken =
            "-- reads: geo\n-- writes: category_by_country\n-- grain: one row\n"
            + "SELECT country, country AS category, CAST(country AS BIGINT) AS category_count FROM geo\n";
        await File.WriteAllTextAsync(folder.At("pipeline/analyse/01_category_by_country.sql"), Broken);
        await using var station = new Station($"pipeline: {folder.At("pipeline")}");
        var demo = await SluiceProcess.RunAsync(["demo", "--rows", "500", "--json", "--data", station.Data, .. station.Config]);
        demo.ExitCode.ShouldBe(1);
        using var report = JsonDocument.Parse(demo.Output);
        report.RootElement.GetProperty("answers").EnumerateObject().Count().ShouldBe(8);
        report.RootElement.GetProperty("tasks").EnumerateArray().Single(t => t.GetProperty("state").GetString() == "failed")
            .GetProperty("error").GetString()!.ShouldContain("Could not convert");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_second_service_on_the_same_data_says_who_owns_it()
    {
        await using var station = new Station();
        await station.StartAsync();
        var second = await SluiceProcess.RunAsync(["up", "--data", station.Data]);
        second.ExitCode.ShouldBe(1);
        second.Error.ShouldContain("owns");
    }
}
