using Sluice.Cleaning;
using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Raw;
using Sluice.Cleaning.Streaming;
using Sluice.Objects;
using Sluice.Tables;
using Sluice.Testing.Cleaning;
using Sluice.Testing.Watched;

namespace Sluice.Unit.Cleaning.Stream;

/// <summary>A job and drains that use one stream side by side: who fails takes nothing from who waits for the turn.</summary>
public sealed class TurnTests : IAsyncDisposable
{
    private readonly StreamBed _bed = new();
    private readonly TableCompactor _compactor;
    private readonly DatasetStream _stream;
    private WatchedObjects _store = null!;
    private TaskCompletionSource? _held;

    public TurnTests()
    {
        _bed.Tables.Reopen(store => _store = new WatchedObjects(store, new OperationHook()));
        _compactor = new TableCompactor(_bed.Options.Cleaning.TempDirectory, _bed.Options.Compaction);
        _stream = new DatasetStream(Target, _bed.Log, _bed.Tables.Catalog, _compactor, _bed.Options, _bed.Tables.Time);
    }

    private CleaningTarget Target => CleaningTarget.Of(_bed.Tables.Pipeline.Datasets[0], CleaningTarget.Stream);

    public async ValueTask DisposeAsync()
    {
        // A test that failed may have left the turn taken.
        _held?.TrySetResult();
        await _stream.DisposeAsync();
        _compactor.Dispose();
        _bed.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_commit_that_failed_had_taken_is_cleaned_by_whoever_waited_for_the_turn(bool isCancelled)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(CleaningBed.Cancel);
        (await _stream.OpenAsync(CleaningBed.Cancel)).ShouldBeTrue();
        await _bed.PutAsync(0, CleaningBed.Reading(1), CleaningBed.Reading(2));
        var (reached, released) = HoldCommit();

        var failing = _stream.StepAsync(cancel.Token);
        await reached;
        await _bed.PutAsync(0, CleaningBed.Reading(3));
        var waiting = _stream.StepTowardsAsync([new PartitionEnd(0, 3)], CleaningBed.Cancel);
        waiting.IsCompleted.ShouldBeFalse();
        if (isCancelled) await cancel.CancelAsync();
        released.SetException(isCancelled ? new OperationCanceledException(cancel.Token) : new TimeoutException("The store is away."));

        if (isCancelled) await Should.ThrowAsync<OperationCanceledException>(failing);
        else await Should.ThrowAsync<TimeoutException>(failing);
        (await waiting).ShouldBeTrue();
        (await _stream.StepTowardsAsync([new PartitionEnd(0, 3)], CleaningBed.Cancel)).ShouldBeFalse();
        (await _bed.CleanRowsAsync()).ShouldBe(["1|a", "2|a", "3|a"]);
        (await _bed.LedgerAsync()).ToString().ShouldBe("stream.reading: 3 received = 3 clean + 0 quarantined + 0 duplicates + 0 waiting: closes");
    }

    [Fact]
    public async Task What_was_read_when_reading_was_cancelled_stays_for_the_next()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(CleaningBed.Cancel);
        await using var patient = new DatasetStream(
            Target, _bed.Log, _bed.Tables.Catalog, _compactor, _bed.Options with { AgeMax = TimeSpan.FromMinutes(1) }, _bed.Tables.Time);
        await patient.OpenAsync(CleaningBed.Cancel);
        await _bed.PutAsync(0, CleaningBed.Reading(1));
        var collecting = patient.StepAsync(cancel.Token);
        await _bed.Log.AsleepAfterAsync(StreamBed.Shard(0), 1);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(collecting);
        (await patient.StepTowardsAsync([new PartitionEnd(0, 1)], CleaningBed.Cancel)).ShouldBeTrue();
        (await _bed.CleanRowsAsync()).ShouldBe(["1|a"]);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    public async Task A_batch_that_does_not_begin_where_the_table_is_is_refused(long from)
    {
        var tables = await DatasetTables.OpenAsync(_bed.Tables.Catalog, Target, CleaningBed.Cancel);
        using var session = CleaningSession.Open(Target.Dataset, _bed.Options.Cleaning);
        var commit = new BatchCommit(Target, tables, session, new TableKeys(tables.Clean, "id"), _bed.Tables.Time);
        await commit.RunAsync(BatchOf(0, 3), CleaningBed.Cancel);

        var fault = await Should.ThrowAsync<OvertakenException>(() => commit.RunAsync(BatchOf(from, 6), CleaningBed.Cancel));

        fault.Message.ShouldContain($"is at {StreamBed.Stream}-0 3, not at {from}");
        (await commit.RunAsync(BatchOf(3, 6), CleaningBed.Cancel)).Clean.ShouldBe(3);

        static RawBatch BatchOf(long from, long to)
        {
            var batch = new RawBatch();
            for (var offset = from; offset < to; offset++)
                batch.Add(new RawPlace(StreamBed.Stream, 0, offset, null, null), System.Text.Encoding.UTF8.GetBytes(CleaningBed.Reading(offset)));
            batch.Reach(0, from, new RawPosition(to, to));
            return batch;
        }
    }

    [Fact]
    public async Task Who_waits_for_records_looks_at_the_shards_in_turn()
    {
        await _stream.OpenAsync(CleaningBed.Cancel);
        await _bed.PutAsync(0, CleaningBed.Reading(1));
        var (reached, released) = HoldCommit();
        var stepping = _stream.StepAsync(CleaningBed.Cancel);
        await reached;

        var waiting = _stream.WaitAsync(CleaningBed.Cancel);
        // Were it not for the turn, the wait would be over after a second.
        _bed.Tables.Time.Advance(_bed.Options.ShardsRefresh);
        for (var i = 0; i < 1000; i++) await Task.Yield();
        waiting.IsCompleted.ShouldBeFalse();

        released.SetResult();
        (await stepping).ShouldBeTrue();
        await _bed.PutAsync(0, CleaningBed.Reading(2));
        await waiting;
        (await _stream.StepAsync(CleaningBed.Cancel)).ShouldBeTrue();
    }

    /// <summary>Holds the next commit to the clean table; when it is there, and what lets it pass or fail.</summary>
    private (Task Reached, TaskCompletionSource Released) HoldCommit()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var released = _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.OnPutIfAbsent = key =>
        {
            if (!IsCommit(key)) return Task.CompletedTask;
            _store.OnPutIfAbsent = static _ => Task.CompletedTask;
            reached.SetResult();
            return released.Task;
        };
        return (reached.Task, released);
    }

    private static bool IsCommit(ObjectKey key) =>
        key.Value.StartsWith("stream/reading/_delta_log/", StringComparison.Ordinal) && key.Value.EndsWith(".json", StringComparison.Ordinal);
}
