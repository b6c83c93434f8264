using System.Text;
using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class LargestTimestampTests
{
    [Fact]
    public async Task Markers_of_transactions_are_no_records()
    {
        await using var fixture = await LogFixture.OpenAsync();
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBeNull();
        await fixture.AppendAsync("late", timestampMs: 2_000);
        await TransactionsTests.WriteAsync(fixture.Log, 1, 0, "a");
        await TransactionsTests.EndAsync(fixture.Log, 1, isCommit: true);
        await fixture.AppendAsync("early", timestampMs: 500);
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBe(new RecordTime(0, 2_000));
        fixture.Time.Advance(TimeSpan.FromDays(1));
        await fixture.AppendAsync("now");
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBe(new RecordTime(4, fixture.NowMs));
    }

    [Fact]
    public async Task The_youngest_record_is_found_behind_segments_of_markers()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("segment.bytes", "300"));
        await fixture.AppendAsync("youngest", timestampMs: 9_000);
        for (var i = 0; i < 20; i++)
        {
            await TransactionsTests.WriteAsync(fixture.Log, 1, i, "a");
            await TransactionsTests.EndAsync(fixture.Log, 1, isCommit: true);
        }

        // The last segments have nothing but markers.
        for (var producer = 10; producer < 30; producer++) await TransactionsTests.EndAsync(fixture.Log, producer, isCommit: false);
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBe(new RecordTime(0, 9_000));
        await fixture.ReopenAsync();
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBe(new RecordTime(0, 9_000));
    }

    [Fact]
    public async Task The_search_ends_at_its_bound()
    {
        await using var fixture = new LogFixture();
        fixture.Open(new EmbeddedLogOptions { Directory = "", Limits = new LogLimits { TimestampSearchBytesMax = 600 } });
        await fixture.CreateAsync("t", 1, ("segment.bytes", "300"));
        await fixture.AppendAsync("youngest", timestampMs: 9_000);
        for (var i = 0; i < 20; i++)
        {
            await TransactionsTests.WriteAsync(fixture.Log, 1, i, "a");
            await TransactionsTests.EndAsync(fixture.Log, 1, isCommit: true);
        }

        fixture.Log.LargestTimestamp(LogFixture.T0)!.Value.TimestampMs.ShouldBe(1_000);
    }

    [Fact]
    public async Task Records_that_were_deleted_do_not_count()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await AppendAsync(fixture, 1_000, 7_000, 3_000, 2_000);
        await AppendAsync(fixture, 2_500);
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBe(new RecordTime(1, 7_000));
        await fixture.Log.DeleteRecordsAsync(LogFixture.T0, 2, default);
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBe(new RecordTime(2, 3_000));
        await fixture.Log.DeleteRecordsAsync(LogFixture.T0, 3, default);
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBe(new RecordTime(4, 2_500));
        await fixture.Log.DeleteRecordsAsync(LogFixture.T0, 5, default);
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBeNull();
    }

    [Fact]
    public async Task Records_that_compaction_took_do_not_count()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("cleanup.policy", "compact"), ("segment.bytes", "300"), ("min.cleanable.dirty.ratio", "0"));
        for (var i = 0; i < 10; i++) await AppendAsync(fixture, 9_000 - i);
        for (var i = 0; i < 10; i++) await AppendAsync(fixture, 1_000 + i);
        await fixture.Log.CompactAsync();
        fixture.Log.LargestTimestamp(LogFixture.T0).ShouldBe(new RecordTime(19, 1_009));
    }

    private static async Task AppendAsync(LogFixture fixture, params long[] timestampsMs)
    {
        var builder = new RecordBatchBuilder();
        foreach (var ms in timestampsMs) builder.Append(ms, RecordBytes.Of(Encoding.UTF8.GetBytes("k")), RecordBytes.Of(Encoding.UTF8.GetBytes($"{ms}".PadRight(60))));
        (await fixture.Log.AppendAsync(LogFixture.T0, builder.Build(), default)).Error.ShouldBe(AppendError.None);
    }
}
