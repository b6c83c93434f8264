using Sluice.Console.Settings;
using Sluice.Log;

namespace Sluice.Unit.Console;

public sealed class SettingsReaderTests
{
    [Fact]
    public void A_file_sets_what_it_names_and_leaves_the_rest()
    {
        var (settings, reader) = Read(
            """
            data: /var/lib/sluice
            ports: { kafka-rest: 0 }
            log: { durability: interval, topics: { retention.ms: "60000" } }
            sql: { memory: 2GB }
            gateway:
              integration-timeout-seconds: 5
              api-keys: { posters: { value: a-secret-of-20-characters } }
              stages:
                test: { api-key-required: true, throttle: { rate-per-second: 10, burst: 20 }, routes: [ { method: POST, path: /topics/x } ] }
            """);
        reader.Faults.ShouldBeEmpty();
        settings.Data.ShouldBe("/var/lib/sluice");
        settings.Ports.ShouldSatisfyAllConditions(p => p.KafkaRest.ShouldBe(0), p => p.Gateway.ShouldBe(8080));
        settings.Log.Durability.ShouldBe(Durability.Interval);
        settings.Log.Topics["retention.ms"].ShouldBe("60000");
        settings.Sql.Memory.Bytes.ShouldBe(2L << 30);
        settings.Gateway.Stages.Keys.ShouldBe(["test"]);
        settings.Gateway.Stages["test"].Throttle!.Burst.ShouldBe(20);
        settings.Gateway.Stages["test"].Routes.Single().Method.ShouldBe("POST");
        settings.Gateway.ApiKeys["posters"].Value.ShouldBe("a-secret-of-20-characters");
    }

    [Fact]
    public void All_faults_are_reported_with_their_lines()
    {
        var (_, reader) = Read(
            """
            dta: x
            ports:
              gateway: high
            log:
              durability: sometimes
              topics: [1]
            """);
        reader.Faults.Select(f => f.Line).ShouldBe([1, 3, 5, 6]);
        reader.Faults[0].Message.ShouldContain("data");
        reader.Faults[2].Message.ShouldContain("fsync");
    }

    [Fact]
    public void The_environment_goes_over_the_file()
    {
        var (settings, reader) = Read("ports: { gateway: 1 }");
        reader.ReadEnvironment(settings, new Dictionary<string, string> { ["SLUICE_PORTS__GATEWAY"] = "2", ["PATH"] = "/bin" });
        reader.Faults.ShouldBeEmpty();
        settings.Ports.Gateway.ShouldBe(2);
    }

    [Fact]
    public void A_misspelt_variable_is_a_fault_and_not_silence()
    {
        var (settings, reader) = Read("");
        reader.ReadEnvironment(settings, new Dictionary<string, string> { ["SLUICE_PORTS__GATWAY"] = "2", ["SLUICE_TEST_SEED"] = "1" });
        reader.Faults.Single().ToString().ShouldContain("SLUICE_PORTS__GATWAY");
    }

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("15m", 900)]
    [InlineData("7d", 604800)]
    public void Durations_carry_their_unit(string text, double seconds)
    {
        Scalar.TryParse(typeof(TimeSpan), text, out var value).ShouldBeTrue();
        ((TimeSpan)value!).TotalSeconds.ShouldBe(seconds);
    }

    private static (SluiceSettings Settings, SettingsReader Reader) Read(string yaml)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, yaml);
            var settings = new SluiceSettings();
            var reader = new SettingsReader();
            reader.ReadFile(settings, file);
            return (settings, reader);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
