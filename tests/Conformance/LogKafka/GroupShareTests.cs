using Sluice.Log;
using Sluice.Log.Kafka;

namespace Sluice.Conformance.LogKafka;

/// <summary>Processes that share the partitions of a Kafka by a group, each here a log of its own, over our broker and TCP.</summary>
public sealed class GroupShareTests
{
    private static readonly string[] s_topics = ["a", "b"];

    [Fact(Timeout = 120_000)]
    public async Task Each_partition_is_one_member_s_and_moves_when_members_come_and_go()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        await bed.Held.MakeTopicAsync("a", 1);
        await bed.Held.MakeTopicAsync("b", 5);
        await using var first = Open(bed);
        (await UntilAsync(6, first)).ShouldBe([6]);
        await using (var second = Open(bed))
        {
            (await UntilAsync(3, first, second)).ShouldBe([3, 3]);
            await using var third = Open(bed);
            (await UntilAsync(2, first, second, third)).ShouldBe([2, 2, 2]);
            (await third.OwnedPartitionsAsync(["a"], default))!.ShouldAllBe(partition => partition.Topic == "a");
        }

        (await UntilAsync(6, first)).ShouldBe([6]);
    }

    [Fact(Timeout = 120_000)]
    public async Task Topics_that_are_asked_for_later_are_shared_too()
    {
        await using var bed = await KafkaLogBed.StartAsync();
        foreach (var topic in s_topics) await bed.Held.MakeTopicAsync(topic, 2);
        await using var log = Open(bed);
        (await log.OwnedPartitionsAsync(["a"], default))!.Count.ShouldBe(2);
        (await UntilAsync(4, log)).ShouldBe([4]);
    }

    private static KafkaLog Open(KafkaLogBed bed) => bed.Open(options => options with { Group = "workers" });

    /// <summary>Asks until every log has so many partitions, none of them twice.</summary>
    private static async Task<int[]> UntilAsync(int each, params KafkaLog[] logs)
    {
        // The coordinator tells the members and no one else; they are asked until all were told.
        using var asking = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        do
        {
            var owned = await Task.WhenAll(logs.Select(async log => await log.OwnedPartitionsAsync(s_topics, default)));
            if (owned.All(share => share!.Count == each) && owned.SelectMany(share => share!).Distinct().Count() == each * logs.Length)
                return [.. owned.Select(share => share!.Count)];
        }
        while (await asking.WaitForNextTickAsync(TestContext.Current.CancellationToken));
        return [];
    }
}
