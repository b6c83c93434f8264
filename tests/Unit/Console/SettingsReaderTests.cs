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

    [Theory]
    [InlineData("log: { durability: 3 }")]
    [InlineData("log: { durability: 'fsync, none' }")]
    [InlineData("stream: { gaps: 1 }")]
    public void A_named_value_is_given_by_its_name(string yaml) => Read(yaml).Reader.Faults.Single().Message.ShouldContain("one of");

    [Theory]
    [InlineData("log: { kafka: { password: *s3cret } }")]
    [InlineData("log: { kafka: { password: [s3cret] } }")]
    [InlineData("log: { kafka: { password: { s3cret: s3cret } } }")]
    [InlineData("log: { kafka: { password: \"s3cret } }")]
    public void A_password_that_cannot_be_read_is_not_repeated(string yaml)
    {
        var fault = Read(yaml).Reader.Faults.ShouldHaveSingleItem();
        fault.Line.ShouldBe(1);
        fault.Message.ShouldNotContain("s3cret");
        fault.Message.ShouldContain("quote");
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

    /// <summary>Every key has its variable, in sections that are absent, in maps and in lists too.</summary>
    [Theory]
    [InlineData("SLUICE_SHARED", "/mnt/s")]
    [InlineData("SLUICE_GATEWAY__AWS__SECRET_ACCESS_KEY", "s3cret")]
    [InlineData("SLUICE_GATEWAY__API_KEYS__POSTERS__VALUE", "a-secret-of-20-characters")]
    [InlineData("SLUICE_GATEWAY__API_KEYS", "{ posters: { value: a-secret-of-20-characters } }")]
    [InlineData("SLUICE_GATEWAY__STAGES__DEV__API_KEY_REQUIRED", "true")]
    [InlineData("SLUICE_GATEWAY__STAGES__DEV__THROTTLE__BURST", "7")]
    [InlineData("SLUICE_KAFKA__SASL_USERS__POSTERS", "a-password")]
    [InlineData("SLUICE_KAFKA__SASL_USERS__Ann", "another")]
    [InlineData("SLUICE_LOG__KAFKA__PROPERTIES__SECURITY_PROTOCOL", "SSL")]
    [InlineData("SLUICE_LOG__TOPICS", "{ retention.ms: \"60000\" }")]
    [InlineData("SLUICE_KAFKA_REST__ENDPOINTS_ALLOWED", "[api.v2.*, api.v3.topics.list]")]
    [InlineData("SLUICE_KAFKA_REST__REQUESTS_PER_SECOND", "5")]
    public void Every_key_of_the_file_has_its_variable(string variable, string value)
    {
        var (settings, reader) = Read("");
        reader.ReadEnvironment(settings, new Dictionary<string, string> { [variable] = value });
        reader.Faults.ShouldBeEmpty();
        var seen = variable switch
        {
            "SLUICE_SHARED" => settings.Shared,
            "SLUICE_GATEWAY__AWS__SECRET_ACCESS_KEY" => settings.Gateway.Aws!.SecretAccessKey,
            "SLUICE_GATEWAY__API_KEYS__POSTERS__VALUE" => settings.Gateway.ApiKeys.Single(k => k.Key == "posters").Value.Value,
            "SLUICE_GATEWAY__API_KEYS" => $"{{ posters: {{ value: {settings.Gateway.ApiKeys["posters"].Value} }} }}",
            "SLUICE_GATEWAY__STAGES__DEV__API_KEY_REQUIRED" => settings.Gateway.Stages.Single(s => s.Key == "dev").Value.ApiKeyRequired ? "true" : "false",
            "SLUICE_GATEWAY__STAGES__DEV__THROTTLE__BURST" => $"{settings.Gateway.Stages["dev"].Throttle!.Burst}",
            "SLUICE_KAFKA__SASL_USERS__POSTERS" => settings.Kafka.SaslUsers["posters"],
            "SLUICE_KAFKA__SASL_USERS__Ann" => settings.Kafka.SaslUsers["Ann"],
            "SLUICE_LOG__KAFKA__PROPERTIES__SECURITY_PROTOCOL" => settings.Log.Kafka.Properties["security.protocol"],
            "SLUICE_LOG__TOPICS" => $"{{ retention.ms: \"{settings.Log.Topics["retention.ms"]}\" }}",
            "SLUICE_KAFKA_REST__ENDPOINTS_ALLOWED" => $"[{string.Join(", ", settings.KafkaRest.EndpointsAllowed)}]",
            _ => $"{settings.KafkaRest.RequestsPerSecond}",
        };
        seen.ShouldBe(value);
    }

    [Fact]
    public void A_variable_finds_the_name_that_the_file_spells()
    {
        var (settings, reader) = Read(
            """
            sink: { flush.size: "10" }
            gateway: { api-keys: { My_Posters: { value: a-secret-of-20-characters, stages: [dev] } } }
            """);
        reader.ReadEnvironment(settings, new Dictionary<string, string>
        {
            ["SLUICE_SINK__FLUSH_SIZE"] = "20", ["SLUICE_GATEWAY__API_KEYS__MY_POSTERS__VALUE"] = "another-of-20-characters",
        });
        reader.Faults.ShouldBeEmpty();
        settings.Sink.Single().ShouldBe(new("flush.size", "20"));
        settings.Gateway.ApiKeys.Single().ShouldSatisfyAllConditions(
            k => k.Key.ShouldBe("My_Posters"), k => k.Value.Value.ShouldBe("another-of-20-characters"), k => k.Value.Stages.ShouldBe(["dev"]));
    }

    [Theory]
    [InlineData("SLUICE_DATA__X", "1")]
    [InlineData("SLUICE_PIPELINE__X", "1")]
    [InlineData("SLUICE_KAFKA_REST__ENDPOINTS_ALLOWED__0", "api.v2.*")]
    [InlineData("SLUICE_KAFKA_REST__ENDPOINTS_ALLOWED", "api.v2.*")]
    [InlineData("SLUICE_GATEWAY__API_KEYS__POSTERS", "a-secret-of-20-characters")]
    [InlineData("SLUICE_GATEWAY__API_KEYS", "{")]
    [InlineData("SLUICE_GATEWAY__AWS__SECRET", "s")]
    [InlineData("SLUICE_PORTS", "1")]
    [InlineData("SLUICE_", "1")]
    public void A_variable_that_cannot_be_taken_is_a_fault_that_names_it(string variable, string value)
    {
        var (settings, reader) = Read("");
        reader.ReadEnvironment(settings, new Dictionary<string, string> { [variable] = value });
        reader.Faults.Single().ToString().ShouldStartWith(variable);
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
