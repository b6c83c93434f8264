using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class RetentionTests
{
    [Fact]
    public async Task Segments_past_their_time_are_deleted_and_the_start_moves_for_good()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("segment.bytes", "300"), ("retention.ms", "10000"));
        for (var i = 0; i < 10; i++)
        {
            await fixture.AppendAsync($"{i}".PadRight(100, '.'));
            fixture.Time.Advance(TimeSpan.FromSeconds(2));
        }

        await fixture.Log.MaintainAsync();
        // Five records are within ten seconds; segments hold one or two, and go whole.
        var offsets = await fixture.Log.OffsetsAsync(LogFixture.T0, default);
        offsets.ShouldBe(new PartitionOffsets(5, 10));
        fixture.Files(".log").Length.ShouldBe(5);
        fixture.Files(".index").Length.ShouldBe(5);
        fixture.Files(".timeindex").Length.ShouldBe(5);
        await Should.ThrowAsync<OffsetOutOfRangeException>(async () => await fixture.Log.ReadAsync(LogFixture.T0, 4, 1, default));
        await fixture.ReopenAsync();
        (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).ShouldBe(offsets);
        (await fixture.ReadAsync(from: 5)).Count.ShouldBe(5);
    }

    [Fact]
    public async Task When_everything_is_past_its_time_the_offsets_go_on_where_they_were()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("retention.ms", "10000"));
        await fixture.AppendAsync("a");
        await fixture.AppendAsync("b");
        fixture.Time.Advance(TimeSpan.FromSeconds(11));
        await fixture.Log.MaintainAsync();
        (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).ShouldBe(new PartitionOffsets(2, 2));
        await fixture.ReopenAsync();
        (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).ShouldBe(new PartitionOffsets(2, 2));
        (await fixture.AppendAsync("c")).ShouldBe(2);
        (await fixture.ReadAsync(from: 2)).ShouldBe(["c"]);
    }

    [Fact]
    public async Task The_oldest_segments_go_while_the_rest_still_has_the_bytes_to_retain()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("segment.bytes", "400"), ("retention.bytes", "1000"));
        var size = LogFixture.Batch(1, new string('x', 100)).Length;
        for (var i = 0; i < 20; i++) await fixture.AppendAsync(new string('x', 100));
        await fixture.Log.MaintainAsync();
        var left = fixture.Files(".log").Sum(path => new FileInfo(path).Length);
        left.ShouldBeInRange(1000, 1000 + (2 * size));
        (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).Start.ShouldBe(20 - (left / size));
    }

    [Fact]
    public async Task Without_a_bound_nothing_is_deleted()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("segment.bytes", "300"), ("retention.ms", "-1"));
        for (var i = 0; i < 10; i++) await fixture.AppendAsync(new string('x', 100));
        fixture.Time.Advance(TimeSpan.FromDays(1000));
        await fixture.Log.MaintainAsync();
        (await fixture.ReadAsync()).Count.ShouldBe(10);
    }
}
