using Sluice.Console;
using Sluice.Console.Node;
using Sluice.Console.Settings;
using Sluice.Gateway.Config;
using Sluice.Testing;

namespace Sluice.Unit.Console;

public sealed class SettingsCheckTests
{
    private static readonly string s_pipeline = Path.Combine(Repository.Root, "pipelines/pinterest");

    [Fact]
    public void Defaults_have_no_fault() => SettingsCheck.FaultsOf(new SluiceSettings { Pipeline = s_pipeline }).ShouldBeEmpty();

    /// <summary>A fault in each section, and two in those that have two: none hides another.</summary>
    [Fact]
    public void All_faults_of_all_sections_are_found_at_once()
    {
        var settings = new SluiceSettings
        {
            Pipeline = "/no/such/folder",
            Shared = "/mnt/shared",
            Ports = new PortSettings { Kafka = 70_000, Kinesis = -1 },
            Gateway = new GatewayConfig { PayloadBytesMax = 0 },
            Log = new LogSettings
            {
                Partitions = 0, Topics = new Dictionary<string, string> { ["retention.ms"] = "long" }, Kafka = new LogKafkaSettings { ReplicationFactor = 0, Password = "p" },
            },
            Kafka = new KafkaSettings
            {
                OffsetsRetention = TimeSpan.FromSeconds(10), DefaultPartitions = 0, InitialRebalanceDelay = TimeSpan.FromSeconds(-1), TlsCertificate = "/no/such/file.pem",
            },
            KafkaRest = new KafkaRestSettings { EndpointsAllowed = ["api.v9"] },
            Kinesis = new KinesisSettings { AccessKeyId = "AKIA", StateDelay = TimeSpan.FromSeconds(-1) },
            Stream = new StreamSettings { Kafka = true, Region = "eu-west-1", Endpoint = "here", Start = "soon", Shards = 0, RowsMax = 0, Idle = TimeSpan.FromSeconds(-1) },
            Sql = new SqlSettings { Threads = 0, Memory = default },
            Sink = new Dictionary<string, string> { ["flush.size"] = "many" },
        };
        var faults = SettingsCheck.FaultsOf(settings).ToList();
        string[] expected =
        [
            "ports.kafka 70000", "ports.kinesis -1", "gateway: gateway.payloadBytesMax", "log.topics:", "log.partitions 0", "log.kafka.replication-factor 0",
            "log.kafka has settings and no bootstrap-servers", "log.kafka.group-id and shared", "kafka: the certificate '/no/such/file.pem'",
            "kafka.default-partitions 0", "kafka.initial-rebalance-delay -", "kafka.offsets-retention 00:00:10", "kafka-rest: 'api.v9'", "kinesis: access-key-id", "kinesis.state-delay -",
            "stream: kafka, and region", "stream.kafka needs", "stream.endpoint 'here'", "stream.shards 0", "stream.start 'soon'", "stream: a commit of 0 rows",
            "stream.age-max and stream.idle", "sql.threads 0", "sql.memory", "There is no pipeline folder /no/such/folder", "sink: ",
        ];
        faults.Count.ShouldBe(expected.Length, string.Join(Environment.NewLine, faults));
        foreach (var (fault, beginning) in faults.Zip(expected)) fault.ShouldStartWith(beginning);
    }

    [Theory]
    [InlineData("topics.dir", "raw", "topics")]
    [InlineData("topics.dir", "", "topics")]
    [InlineData("directory.delim", "-", "/")]
    [InlineData("file.delim", "_", "+")]
    [InlineData("filename.offset.zero.pad.width", "5", "10")]
    public void Objects_named_so_that_cleaning_would_not_find_them_are_a_fault(string name, string value, string only)
    {
        var settings = new SluiceSettings { Pipeline = s_pipeline, Sink = new Dictionary<string, string> { [name] = value } };
        SettingsCheck.FaultsOf(settings).ShouldHaveSingleItem().ShouldBe(
            $"sink: {name}: '{value}' gives objects names by which cleaning does not find them. Write {only}, or leave it out.");
        settings.Sink[name] = only;
        SettingsCheck.FaultsOf(settings).ShouldBeEmpty();
    }

    [Fact]
    public async Task Properties_that_no_kafka_client_knows_are_found()
    {
        var settings = new SluiceSettings();
        (await SluiceNode.KafkaFaultAsync(settings)).ShouldBeNull();
        settings.Log.Kafka.BootstrapServers = "127.0.0.1:1";
        (await SluiceNode.KafkaFaultAsync(settings)).ShouldBeNull();
        settings.Log.Kafka.Properties["security.protocl"] = "SSL";
        (await SluiceNode.KafkaFaultAsync(settings)).ShouldNotBeNull().ShouldContain("security.protocl");
    }

    [Fact]
    public void What_is_refused_at_the_start_is_refused_by_the_check_in_the_same_words()
    {
        var settings = new SluiceSettings { Pipeline = s_pipeline, Kafka = new KafkaSettings { OffsetsRetention = TimeSpan.FromSeconds(10) } };
        Should.Throw<UserException>(() => settings.Kafka.Options(0)).Message.ShouldBe(SettingsCheck.FaultsOf(settings).Single());
    }
}
