using System.Collections;
using Sluice.Console;
using Sluice.Console.Settings;

namespace Sluice.Unit.Console;

public sealed class KafkaRestSettingsTests
{
    [Fact]
    public void Absent_limits_are_off_and_one_that_is_given_is_on()
    {
        new KafkaRestSettings().Options().ShouldSatisfyAllConditions(o => o.RateLimitEnabled.ShouldBeFalse(), o => o.ProduceRateLimitEnabled.ShouldBeFalse());
        new KafkaRestSettings { RequestsPerSecond = 7, RecordsPerSecond = 9 }.Options().ShouldSatisfyAllConditions(
            o => (o.RateLimitEnabled, o.RateLimitPermitsPerSecond).ShouldBe((true, 7)),
            o => (o.ProduceRateLimitEnabled, o.ProduceRequestsPerSecondMax, o.ProduceBytesPerSecondMax).ShouldBe((true, 9, 10_000_000)));
    }

    [Fact]
    public void Names_that_name_no_endpoint_are_faults_of_the_configuration()
    {
        var settings = new KafkaRestSettings { EndpointsAllowed = ["api.v3.topics.*", "api.v3.topic"], RequestCosts = new Dictionary<string, int> { ["x"] = 1 } };
        var refused = Should.Throw<UserException>(settings.Options);
        refused.Message.Split(Environment.NewLine).Select(line => line.Split('\'')[1]).ShouldBe(["api.v3.topic", "x"]);
    }

    [Fact]
    public void Every_key_of_the_section_is_read()
    {
        var reader = new SettingsReader();
        var settings = new SluiceSettings();
        reader.ReadEnvironment(settings, new Hashtable { ["SLUICE_KAFKA_REST__REQUESTS_PER_SECOND"] = "5", ["SLUICE_KAFKA_REST__AUTO_CREATE_TOPICS"] = "true" });
        reader.Faults.ShouldBeEmpty();
        settings.KafkaRest.Options().ShouldSatisfyAllConditions(o => o.RateLimitPermitsPerSecond.ShouldBe(5), o => o.AutoCreateTopics.ShouldBeTrue());
    }
}
