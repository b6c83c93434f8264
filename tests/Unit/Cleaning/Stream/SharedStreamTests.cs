using Sluice.Cleaning;
using Sluice.Cleaning.Streaming;
using Sluice.Log;
using Sluice.Testing;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning.Stream;

/// <summary>Shards that come and go under load, and shards that are read by other processes.</summary>
public sealed class SharedStreamTests
{
    // A commit each; more than enough for a second to pass.
    private const int RoundsMax = 100;

    [Fact]
    public async Task Shards_that_are_new_are_read_under_steady_load()
    {
        using var bed = new StreamBed();
        var told = await RunUnderLoadAsync(bed, round =>
        {
            if (round != 3) return;
            bed.Memory.Reshard(StreamBed.Stream, [], 1).ShouldBe(1);
            bed.PutAsync(1, CleaningBed.Reading(-1)).GetAwaiter().GetResult();
        });
        told.Positions.ShouldContain(new CleanPosition(StreamBed.Stream, 1, 1));
        (await bed.CleanRowsAsync()).ShouldContain("-1|a");
    }

    [Fact]
    public async Task Shards_of_a_process_that_is_gone_are_taken_over_under_steady_load()
    {
        using var bed = new StreamBed(shards: 2);
        bed.Memory.Owned = new HashSet<TopicPartition> { StreamBed.Shard(0) };
        await bed.PutAsync(1, CleaningBed.Reading(-1));
        await RunUnderLoadAsync(bed, round =>
        {
            if (round == 3) bed.Memory.Owned = new HashSet<TopicPartition> { StreamBed.Shard(0), StreamBed.Shard(1) };
        });
        (await bed.CleanRowsAsync()).ShouldContain("-1|a");
        (await bed.LedgerAsync()).Closes.ShouldBeTrue();
    }

    [Fact]
    public async Task A_drain_ends_when_the_shards_of_this_process_are_drained_although_records_keep_coming()
    {
        using var bed = new StreamBed(shards: 2);
        bed.Memory.Owned = new HashSet<TopicPartition> { StreamBed.Shard(0) };
        bed.Options = bed.Options with { RowsPerCommitMax = 1 };
        await bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        await bed.PutAsync(1, CleaningBed.Reading(3));
        var left = RoundsMax;
        await using var job = bed.Start();

        var report = await job.DrainAsync(CleaningBed.Dataset, CleaningBed.Cancel, new Told<CleanReport>(_ =>
        {
            if (left-- > 0) bed.PutAsync(0, CleaningBed.Reading(100 + left)).GetAwaiter().GetResult();
        }));

        report.Received.ShouldBe(2);
        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a"]);
    }

    [Fact]
    public async Task A_gap_in_a_shard_of_another_process_stops_only_that_one_until_it_is_accepted_anywhere()
    {
        using var bed = new StreamBed(shards: 2);
        await bed.PutAsync(0, CleaningBed.Reading(0));
        await bed.PutAsync(1, CleaningBed.Reading(10));
        await bed.DrainAsync();
        await bed.PutAsync(0, CleaningBed.Reading(1));
        await bed.PutAsync(1, CleaningBed.Reading(11), CleaningBed.Reading(12));
        bed.Log.RetainFrom(StreamBed.Shard(1), 2);

        bed.Memory.Owned = new HashSet<TopicPartition> { StreamBed.Shard(0) };
        (await bed.DrainAsync()).Clean.ShouldBe(1);
        bed.Options = bed.Options with { Gaps = GapPolicy.Skip };
        (await bed.DrainAsync()).Received.ShouldBe(0);
        (await bed.LedgerAsync()).Skipped.ShouldBe(0);

        bed.Options = bed.Options with { Gaps = GapPolicy.Fail };
        bed.Memory.Owned = new HashSet<TopicPartition> { StreamBed.Shard(1) };
        (await Should.ThrowAsync<StreamGapException>(bed.DrainAsync)).Gaps.ShouldBe([new StreamGap(1, "shardId-000000000001", 1, 2)]);

        bed.Memory.Owned = new HashSet<TopicPartition> { StreamBed.Shard(0) };
        await using (var job = bed.Start()) await job.AcceptGapAsync(CleaningBed.Dataset, CleaningBed.Cancel);
        bed.Memory.Owned = null;
        (await bed.DrainAsync()).Clean.ShouldBe(1);
        (await bed.LedgerAsync()).ToString()
            .ShouldBe("stream.reading: 5 received = 4 clean + 0 quarantined + 0 duplicates + 1 skipped + 0 waiting: closes");
    }

    /// <summary>A job that never comes to the end of shard 0, with a tenth of a second gone at every commit; its last status.</summary>
    private static async Task<StreamJobStatus> RunUnderLoadAsync(StreamBed bed, Action<int> change)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CleaningBed.Cancel);
        var ended = new TaskCompletionSource<StreamJobStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        var round = 0;
        // Two shards share a commit, and two commits are always there.
        bed.Options = bed.Options with { RowsPerCommitMax = 2, ReadBytes = 1 };
        await bed.PutAsync(0, [.. Enumerable.Repeat(CleaningBed.Reading(0), 4)]);
        await using var job = bed.Start();
        var run = job.RunAsync(stop.Token, new Told<StreamJobStatus>(status =>
        {
            // Tries again wait for the clock too.
            bed.Tables.Time.Advance(TimeSpan.FromMilliseconds(100));
            if (status.State == StreamJobState.Running && ++round < RoundsMax) bed.PutAsync(0, CleaningBed.Reading(round), CleaningBed.Reading(round)).GetAwaiter().GetResult();
            change(round);
            if (round >= RoundsMax || status.State == StreamJobState.Failed) ended.TrySetResult(status);
        }));
        var advancing = AdvanceAsync(bed, ended.Task);
        var last = await ended.Task;
        await advancing;
        await stop.CancelAsync();
        await run;
        last.State.ShouldBe(StreamJobState.Running, last.Reason);
        return last;
    }

    /// <summary>Lets pauses between tries pass.</summary>
    private static async Task AdvanceAsync(StreamBed bed, Task until)
    {
        while (!until.IsCompleted)
        {
            bed.Tables.Time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }
    }
}
