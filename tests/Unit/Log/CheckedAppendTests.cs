using Sluice.Log;

namespace Sluice.Unit.Log;

/// <summary>An append in its two halves.</summary>
public sealed class CheckedAppendTests
{
    [Fact]
    public async Task A_batch_that_was_looked_through_is_stored_when_it_is_queued()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var first = fixture.Log.CheckAppend(LogFixture.T0, LogFixture.Batch(1, "later"));
        await fixture.AppendAsync("sooner");
        (await first.EnqueueAsync()).ShouldBe(new AppendResult(AppendError.None, 1));
        (await fixture.ReadAsync()).ShouldBe(["sooner", "later"]);
    }

    [Fact]
    public async Task What_is_wrong_with_a_batch_is_the_result()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var batch = LogFixture.Batch(1, "a");
        (await fixture.Log.CheckAppend(new TopicPartition("t", 7), batch).EnqueueAsync()).Error.ShouldBe(AppendError.UnknownTopicOrPartition);
        batch[^1] ^= 1;
        (await fixture.Log.CheckAppend(LogFixture.T0, batch).EnqueueAsync()).ShouldBe(new AppendResult(AppendError.CorruptMessage, -1));
    }

    [Fact]
    public async Task A_topic_that_goes_in_between_takes_nothing()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var append = fixture.Log.CheckAppend(LogFixture.T0, LogFixture.Batch(1, "a"));
        await fixture.Log.DeleteTopicAsync("t", default);
        (await append.EnqueueAsync()).Error.ShouldBe(AppendError.UnknownTopicOrPartition);
    }
}
