using Microsoft.Extensions.Time.Testing;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>The lists of topics that heartbeats bring to a consumer group.</summary>
public sealed class TopicListTests
{
    [Fact]
    public void Two_lists_of_one_version_may_differ()
    {
        // A list is taken between a change and the step of the version that counts it.
        var (kept, going) = (TopicOf("kept"), TopicOf("going"));
        var (before, after) = (new TopicsSeen(5, [kept, going]), new TopicsSeen(5, [kept]));
        var groups = new GroupCoordinator(new KafkaOptions(), new FakeTimeProvider(), [], _ => default);
        groups.Heartbeat(Joining("a"), before).Assignment!.Select(p => p.Topic).ToHashSet().ShouldBe([kept.Id, going.Id], ignoreOrder: true);
        groups.Heartbeat(Joining("b"), after).Error.ShouldBe(KafkaError.None);
        groups.Heartbeat(Joining("a"), after).Assignment!.ShouldAllBe(p => p.Topic == kept.Id);
        groups.Heartbeat(Joining("a"), before).Error.ShouldBe(KafkaError.None);
    }

    private static TopicDescription TopicOf(string name) => new(Guid.NewGuid(), name, 2, new Dictionary<string, string>());

    private static ConsumerHeartbeat Joining(string member) =>
        new("g", member, ConsumerHeartbeat.JoinEpoch, null, null, 60_000, ["kept", "going"], null, null, new OwnedPartitions([]), "c", "/h");
}
