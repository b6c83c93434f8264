using Sluice.Console;
using Sluice.Console.Settings;

namespace Sluice.Unit.Console;

public sealed class KafkaSettingsTests
{
    [Fact]
    public void Offsets_are_kept_for_a_week_unless_told_and_for_a_minute_at_least()
    {
        new KafkaSettings().Options(0).OffsetsRetention.ShouldBe(TimeSpan.FromDays(7));
        new KafkaSettings { OffsetsRetention = TimeSpan.FromMinutes(1) }.Options(0).OffsetsRetention.ShouldBe(TimeSpan.FromMinutes(1));
        var settings = new KafkaSettings { OffsetsRetention = TimeSpan.FromSeconds(59) };
        Should.Throw<UserException>(() => settings.Options(0)).Message.ShouldContain("kafka.offsets-retention");
    }
}
