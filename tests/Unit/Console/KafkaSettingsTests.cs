using Sluice.Console;
using Sluice.Console.Settings;

namespace Sluice.Unit.Console;

public sealed class KafkaSettingsTests
{
    [Fact]
    public void A_first_generation_begins_at_once_unless_told()
    {
        new KafkaSettings().Options(0).InitialRebalanceDelay.ShouldBe(TimeSpan.Zero);
        new KafkaSettings { InitialRebalanceDelay = TimeSpan.FromSeconds(3) }.Options(0).InitialRebalanceDelay.ShouldBe(TimeSpan.FromSeconds(3));
        var settings = new KafkaSettings { InitialRebalanceDelay = TimeSpan.FromSeconds(-1) };
        Should.Throw<UserException>(() => settings.Options(0)).Message.ShouldContain("kafka.initial-rebalance-delay");
    }

    [Fact]
    public void Offsets_are_kept_for_a_week_unless_told_and_for_a_minute_at_least()
    {
        new KafkaSettings().Options(0).OffsetsRetention.ShouldBe(TimeSpan.FromDays(7));
        new KafkaSettings { OffsetsRetention = TimeSpan.FromMinutes(1) }.Options(0).OffsetsRetention.ShouldBe(TimeSpan.FromMinutes(1));
        var settings = new KafkaSettings { OffsetsRetention = TimeSpan.FromSeconds(59) };
        Should.Throw<UserException>(() => settings.Options(0)).Message.ShouldContain("kafka.offsets-retention");
    }
}
