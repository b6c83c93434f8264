using System.Threading.Channels;
using Sluice.Cleaning.Streaming;
using Sluice.Definition;
using Sluice.Testing;
using Sluice.Testing.Cleaning;
using Sluice.Testing.Watched;

namespace Sluice.Unit.Cleaning.Stream;

public sealed class RunTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(CleaningBed.Cancel);
    private readonly Channel<StreamJobStatus> _told = Channel.CreateUnbounded<StreamJobStatus>();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task Records_are_cleaned_as_they_arrive_and_splits_and_merges_are_followed()
    {
        using var bed = new StreamBed(shards: 1);
        await using var job = bed.Start();
        var run = job.RunAsync(_stop.Token, Teller());
        await bed.PutAsync(0, CleaningBed.Reading(1), "garbage");
        await UntilAsync(status => status.Received == 2);
        await bed.Log.AsleepAsync(StreamBed.Shard(0));
        bed.Memory.Reshard(StreamBed.Stream, [0], 2);
        await bed.PutAsync(1, CleaningBed.Reading(2));
        await bed.PutAsync(2, CleaningBed.Reading(3), CleaningBed.Reading(1, "again"));
        await UntilAsync(status => status.Received == 5);
        await bed.Log.AsleepAsync(StreamBed.Shard(1), StreamBed.Shard(2));
        bed.Memory.Reshard(StreamBed.Stream, [1, 2], 1);
        await bed.PutAsync(3, CleaningBed.Reading(4));
        var last = await UntilAsync(status => status.Received == 6);

        (last.State, last.Clean, last.Quarantined, last.Duplicates).ShouldBe((StreamJobState.Running, 4, 1, 1));
        (await bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a", "3|a", "4|a"]);
        (await bed.LedgerAsync()).Closes.ShouldBeTrue();
        await _stop.CancelAsync();
        await run;
        job.Status.Single().State.ShouldBe(StreamJobState.Stopped);
    }

    [Fact]
    public async Task A_stream_that_is_made_later_is_found_and_read_from_its_beginning_even_at_latest()
    {
        using var bed = new StreamBed(makesStream: false);
        bed.Options = bed.Options with { Start = StreamStart.Latest };
        await using var job = bed.Start();
        var run = job.RunAsync(_stop.Token, Teller());
        (await UntilAsync(status => status.State == StreamJobState.Waiting)).Reason.ShouldBe($"There is no stream {StreamBed.Stream} yet.");
        bed.Memory.AddTopic(StreamBed.Stream);
        await bed.PutAsync(0, CleaningBed.Reading(1));
        var arrived = UntilAsync(status => status.Clean == 1);
        await AdvanceUntilAsync(bed, arrived);
        await _stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task A_fault_that_may_pass_is_tried_again_and_nothing_is_lost_or_doubled()
    {
        var faults = new FailingTimes("read", 3);
        using var bed = new StreamBed(hook: faults);
        await bed.PutAsync(0, CleaningBed.Reading(1));
        await using var job = bed.Start();
        var run = job.RunAsync(_stop.Token, Teller());
        (await UntilAsync(status => status.State == StreamJobState.Retrying)).Reason.ShouldBe("The disk is away.");
        await AdvanceUntilAsync(bed, UntilAsync(status => status.Clean == 1));
        faults.Failed.ShouldBe(3);
        (await bed.CleanRowsAsync()).ShouldBe(["1|a"]);
        await _stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task A_dataset_that_cannot_be_cleaned_stops_with_its_reason_and_the_others_go_on()
    {
        using var bed = new StreamBed();
        var good = bed.Tables.Pipeline.Datasets[0];
        var bad = good with { Name = "bad", Stream = "bad", Clean = good.Clean with { Text = "SELECT nothing FROM source" } };
        bed.Tables.Pipeline = bed.Tables.Pipeline with { Datasets = [bad, good] };
        bed.Memory.AddTopic("bad");
        await bed.PutAsync(0, CleaningBed.Reading(1));
        await using var job = bed.Start();
        var run = job.RunAsync(_stop.Token, Teller());
        var (failed, cleaned) = (false, false);
        while (!failed || !cleaned)
        {
            var status = await _told.Reader.ReadAsync(_stop.Token);
            failed |= status is { Dataset: "bad", State: StreamJobState.Failed } && status.Reason!.Contains("clean/reading.sql", StringComparison.Ordinal);
            cleaned |= status is { Dataset: CleaningBed.Dataset, Clean: 1 };
        }

        await _stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task A_dataset_that_stopped_at_a_gap_goes_on_once_it_is_accepted()
    {
        using var bed = new StreamBed();
        await bed.PutAsync(0, CleaningBed.Reading(0));
        await bed.DrainAsync();
        await bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        bed.Log.RetainFrom(StreamBed.Shard(0), 2);
        await using var job = bed.Start();
        var run = job.RunAsync(_stop.Token, Teller());
        (await UntilAsync(status => status.State == StreamJobState.Failed)).Reason!.ShouldContain("removed by retention");
        await job.AcceptGapAsync(CleaningBed.Dataset, CleaningBed.Cancel);
        await UntilAsync(status => status.Clean == 1);
        (await bed.CleanRowsAsync()).ShouldBe(["0|a", "2|a"]);
        await _stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task A_commit_waits_for_more_until_its_eldest_record_is_of_age()
    {
        using var bed = new StreamBed();
        bed.Options = bed.Options with { AgeMax = TimeSpan.FromMilliseconds(100), Idle = TimeSpan.FromMilliseconds(60) };
        await using var job = bed.Start();
        var run = job.RunAsync(_stop.Token, Teller());
        await bed.Log.AsleepAfterAsync(StreamBed.Shard(0), 0);
        await bed.PutAsync(0, CleaningBed.Reading(1));
        await bed.Log.AsleepAfterAsync(StreamBed.Shard(0), 1);
        await bed.PutAsync(0, CleaningBed.Reading(2));
        var both = UntilAsync(status => status.Received > 0);
        await AdvanceUntilAsync(bed, both);
        var status = await both;
        (status.Commits, status.Received).ShouldBe((1, 2));
        await _stop.CancelAsync();
        await run;
    }

    private Told<StreamJobStatus> Teller() => new(status => _told.Writer.TryWrite(status));

    private async Task<StreamJobStatus> UntilAsync(Predicate<StreamJobStatus> holds)
    {
        while (true)
        {
            var status = await _told.Reader.ReadAsync(_stop.Token);
            if (holds(status)) return status;
            status.State.ShouldNotBe(StreamJobState.Failed, status.Reason);
        }
    }

    /// <summary>Moves the clock on, in steps shorter than any delay, until something has happened.</summary>
    private static async Task AdvanceUntilAsync(StreamBed bed, Task happened)
    {
        while (!happened.IsCompleted)
        {
            bed.Tables.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        await happened;
    }

    private sealed class FailingTimes(string operation, int times) : OperationHook
    {
        public int Failed { get; private set; }

        public override void Before(string name)
        {
            if (name != operation || Failed >= times) return;
            Failed++;
            throw new IOException("The disk is away.");
        }
    }
}
