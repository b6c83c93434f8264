using System.Buffers.Binary;
using Sluice.Log;
using Sluice.Log.Records;

namespace Sluice.Unit.Log;

public sealed class SegmentTests
{
    [Fact]
    public async Task Segments_are_named_after_their_first_offset_and_read_across_their_borders()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("segment.bytes", "400"));
        for (var i = 0; i < 20; i++) await fixture.AppendAsync($"value {i}".PadRight(100, '.'));
        fixture.Files(".log").Select(Path.GetFileName).Take(3).ShouldBe(
            ["00000000000000000000.log", "00000000000000000002.log", "00000000000000000004.log"]);
        (await fixture.ReadAsync(bytesMax: 1)).Count.ShouldBe(20);
        var fetched = await fixture.Log.ReadAsync(LogFixture.T0, 3, 1 << 20, default);
        var values = new List<string>();
        LogFixture.Decode(fetched.Bytes.Span, 3, values).ShouldBe(20);
        values.Count.ShouldBe(17);
        await fixture.ReopenAsync();
        (await fixture.ReadAsync()).Select(v => v.TrimEnd('.')).ShouldBe(Enumerable.Range(0, 20).Select(i => $"value {i}"));
    }

    [Fact]
    public async Task A_read_gives_whole_batches_within_the_bytes_asked_for_and_at_least_one()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var size = LogFixture.Batch(1, "0123456789").Length;
        for (var i = 0; i < 10; i++) await fixture.AppendAsync("0123456789", 1);
        (await fixture.Log.ReadAsync(LogFixture.T0, 2, 1, default)).Bytes.Length.ShouldBe(size);
        (await fixture.Log.ReadAsync(LogFixture.T0, 2, (3 * size) + 5, default)).Bytes.Length.ShouldBe(3 * size);
        (await fixture.Log.ReadAsync(LogFixture.T0, 2, int.MaxValue, default)).Bytes.Length.ShouldBe(8 * size);
        (await fixture.Log.ReadAsync(LogFixture.T0, 10, int.MaxValue, default)).Bytes.Length.ShouldBe(0);
        foreach (var outside in new long[] { -1, 11 })
            await Should.ThrowAsync<OffsetOutOfRangeException>(async () => await fixture.Log.ReadAsync(LogFixture.T0, outside, 1, default));
    }

    [Fact]
    public async Task A_segment_is_rolled_when_it_is_old()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("segment.ms", "1000"));
        await fixture.AppendAsync("a");
        fixture.Time.Advance(TimeSpan.FromMilliseconds(999));
        await fixture.AppendAsync("b");
        fixture.Files(".log").Length.ShouldBe(1);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        await fixture.AppendAsync("c");
        fixture.Files(".log").Length.ShouldBe(2);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1000));
        await fixture.Log.MaintainAsync();
        fixture.Files(".log").Length.ShouldBe(3);
        (await fixture.ReadAsync()).ShouldBe(["a", "b", "c"]);
    }

    /// <summary>The checks of Kafka's dump tool (--index-sanity-check and the time index check), over files read by hand.</summary>
    [Fact]
    public async Task Indexes_are_what_kafkas_dump_tool_expects()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("segment.bytes", "100000"));
        var random = new Random(11);
        for (var i = 0; i < 400; i++) await fixture.AppendAsync(new string('x', random.Next(1_500)), fixture.NowMs + random.Next(50_000));
        await fixture.Log.DisposeAsync();
        fixture.Files(".log").Length.ShouldBeGreaterThan(2);
        foreach (var path in fixture.Files(".log")) CheckIndexes(path);
        fixture.Open();
    }

    private static void CheckIndexes(string logPath)
    {
        var bytes = File.ReadAllBytes(logPath);
        var batches = new Dictionary<int, RecordBatchHeader>();
        for (var at = 0; at < bytes.Length;)
        {
            RecordBatchHeader.TryRead(bytes.AsSpan(at), out var header).ShouldBeTrue();
            header.CrcMatches(bytes.AsSpan(at)).ShouldBeTrue();
            batches.Add(at, header);
            at += header.SizeBytes;
        }

        var baseOffset = batches[0].BaseOffset;
        var index = File.ReadAllBytes(Path.ChangeExtension(logPath, ".index"));
        (index.Length % 8).ShouldBe(0);
        var (lastOffset, lastPosition) = (-1, 0);
        foreach (var entry in index.Chunk(8))
        {
            var (offset, position) = (BinaryPrimitives.ReadInt32BigEndian(entry), BinaryPrimitives.ReadInt32BigEndian(entry.AsSpan(4)));
            batches[position].LastOffset.ShouldBe(baseOffset + offset);
            offset.ShouldBeGreaterThan(lastOffset);
            (position - lastPosition).ShouldBeInRange(4096, 4096 + 3200);
            (lastOffset, lastPosition) = (offset, position);
        }

        var lastTimestamp = -1L;
        foreach (var entry in File.ReadAllBytes(Path.ChangeExtension(logPath, ".timeindex")).Chunk(12))
        {
            var timestamp = BinaryPrimitives.ReadInt64BigEndian(entry);
            var offset = baseOffset + BinaryPrimitives.ReadInt32BigEndian(entry.AsSpan(8));
            batches.Values.Single(b => b.LastOffset == offset).MaxTimestampMs.ShouldBe(timestamp);
            batches.Values.Where(b => b.LastOffset <= offset).Max(b => b.MaxTimestampMs).ShouldBe(timestamp);
            timestamp.ShouldBeGreaterThan(lastTimestamp);
            lastTimestamp = timestamp;
        }
    }

    [Fact]
    public async Task The_first_record_of_a_time_or_later_is_found()
    {
        await using var fixture = await LogFixture.OpenAsync(1, ("segment.bytes", "30000"), ("retention.ms", "-1"));
        var random = new Random(3);
        var timestamps = new List<long>();
        for (var i = 0; i < 300; i++)
        {
            timestamps.Add(1_000_000 + (i * 10) + random.Next(200));
            await fixture.AppendAsync(new string('x', random.Next(800)), timestamps[^1]);
        }

        for (var round = 0; round < 2; round++)
        {
            for (var at = 999_990L; at < 1_003_300; at += 7)
            {
                var first = timestamps.FindIndex(t => t >= at);
                (await fixture.Log.OffsetForTimestampAsync(LogFixture.T0, at, default)).ShouldBe(first < 0 ? null : first, $"time {at}");
            }

            await fixture.ReopenAsync();
        }
    }
}
