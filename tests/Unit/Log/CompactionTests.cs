using System.Buffers.Binary;
using System.Text;
using Sluice.Log;
using Sluice.Log.Records;

namespace Sluice.Unit.Log;

public sealed class CompactionTests
{
    private static readonly (string Name, string Value)[] s_compact = Compact("300");

    [Fact]
    public async Task Of_each_key_the_last_record_stays_at_its_offset()
    {
        await using var fixture = await LogFixture.OpenAsync(1, s_compact);
        for (var i = 0; i < 40; i++) await AppendAsync(fixture, $"k{i % 4}", $"{i}");
        await AppendAsync(fixture, "once", "stays");
        for (var i = 41; i < 60; i++) await AppendAsync(fixture, $"k{i % 4}", $"{i}");
        var before = fixture.Log.SizeOf(LogFixture.T0);
        await fixture.Log.CompactAsync();
        fixture.Log.SizeOf(LogFixture.T0).ShouldBeLessThan(before / 2);
        var left = await ReadAsync(fixture);
        left.ShouldContain((40, "once", "stays"));
        left.Where(r => r.Key != "once").ShouldAllBe(r => r.Value == $"{r.Offset}");
        foreach (var key in (string[])["k0", "k1", "k2", "k3"]) left.Count(r => r.Key == key).ShouldBeInRange(1, 2, "the open segment keeps what it has");
        left.Select(r => r.Offset).ShouldBeInOrder();
        (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).ShouldBe(new PartitionOffsets(0, 60));
        await fixture.ReopenAsync();
        (await ReadAsync(fixture)).ShouldBe(left);
    }

    [Fact]
    public async Task A_read_from_an_offset_that_is_gone_goes_on_at_the_next_record()
    {
        await using var fixture = await LogFixture.OpenAsync(1, s_compact);
        for (var i = 0; i < 30; i++) await AppendAsync(fixture, "k", $"{i}");
        await fixture.Log.CompactAsync();
        var left = await ReadAsync(fixture);
        left.Count.ShouldBeLessThan(5);
        for (var from = 0; from < 30; from++) (await ReadAsync(fixture, from)).ShouldBe(left.Where(r => r.Offset >= from));
        (await fixture.Log.OffsetForTimestampAsync(LogFixture.T0, 0, default)).ShouldBe(left[0].Offset);
    }

    [Fact]
    public async Task Small_segments_become_one()
    {
        await using var fixture = await LogFixture.OpenAsync(1, s_compact);
        for (var i = 0; i < 100; i++) await AppendAsync(fixture, "k", $"{i}");
        var before = fixture.Files(".log").Length;
        before.ShouldBeGreaterThan(20);
        for (var pass = 0; pass < 4; pass++)
        {
            await fixture.Log.CompactAsync();
            for (var i = 0; i < 4; i++) await AppendAsync(fixture, "k", "more");
        }

        fixture.Files(".log").Length.ShouldBeLessThan(before / 2);
        fixture.Files(".cleaned").ShouldBeEmpty();
        fixture.Files(".index").Length.ShouldBe(fixture.Files(".log").Length);
        var left = await ReadAsync(fixture);
        await fixture.ReopenAsync();
        (await ReadAsync(fixture)).ShouldBe(left);
    }

    [Fact]
    public async Task A_tombstone_removes_its_key_and_goes_when_its_time_is_over()
    {
        await using var fixture = await LogFixture.OpenAsync(1, [.. s_compact, ("delete.retention.ms", "60000")]);
        await AppendAsync(fixture, "gone", "value");
        await AppendAsync(fixture, "gone", null);
        for (var i = 0; i < 10; i++) await AppendAsync(fixture, "k", $"{i}");
        await fixture.Log.CompactAsync();
        (await ReadAsync(fixture)).Where(r => r.Key == "gone").ShouldBe([(1, "gone", null)]);
        fixture.Time.Advance(TimeSpan.FromSeconds(59));
        await fixture.Log.CompactAsync();
        (await ReadAsync(fixture)).Where(r => r.Key == "gone").ShouldBe([(1, "gone", null)]);
        await fixture.ReopenAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.Log.CompactAsync();
        (await ReadAsync(fixture)).ShouldNotContain(r => r.Key == "gone");
    }

    [Fact]
    public async Task More_keys_than_the_table_holds_are_cleaned_in_several_passes()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.Log.DisposeAsync();
        fixture.Open(new EmbeddedLogOptions { Directory = "", Limits = new LogLimits { CompactionKeysBytesMax = 1 } });
        await fixture.CreateAsync("c", 1, Compact("5000"));
        var partition = new TopicPartition("c", 0);
        for (var i = 0; i < 4_000; i++) await AppendAsync(fixture, $"k{i % 2_000}", $"{i}", partition);
        for (var pass = 0; pass < 12; pass++) await fixture.Log.CompactAsync();
        var left = await ReadAsync(fixture, of: partition);
        left.Count.ShouldBeInRange(2_000, 2_100);
        left.Select(r => r.Key).Distinct().Count().ShouldBe(2_000);
        left.ShouldAllBe(r => r.Value == $"{r.Offset}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task What_is_left_of_a_compressed_batch_is_compressed_again(int codec)
    {
        await using var fixture = await LogFixture.OpenAsync(1, Compact("2000"));
        for (var batch = 0; batch < 20; batch++)
        {
            var bytes = CompressedBatch(codec, [.. Enumerable.Range(0, 50).Select(i => ($"k{(i + (batch * 30)) % 400}", $"value {batch} {i}".PadRight(60)))]);
            (await fixture.Log.AppendAsync(LogFixture.T0, bytes, default)).Error.ShouldBe(AppendError.None);
        }

        var before = await ReadAsync(fixture);
        await fixture.Log.CompactAsync();
        var left = await ReadAsync(fixture);
        left.Count.ShouldBeLessThan(before.Count);
        left.ShouldBeSubsetOf(before);
        var last = before.GroupBy(r => r.Key).Select(g => g.Last());
        last.ShouldBeSubsetOf(left);
    }

    [Fact]
    public async Task A_record_without_a_key_is_refused()
    {
        await using var fixture = await LogFixture.OpenAsync(1, s_compact);
        (await fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, "a"), default)).Error.ShouldBe(AppendError.MissingKey);
    }

    [Fact]
    public async Task Young_records_wait_as_long_as_the_lag_asks_and_none_longer_than_the_other()
    {
        await using var fixture = await LogFixture.OpenAsync(
            1, ("cleanup.policy", "compact"), ("segment.bytes", "300"), ("min.compaction.lag.ms", "60000"), ("max.compaction.lag.ms", "120000"),
            ("min.cleanable.dirty.ratio", "1"));
        await AppendAsync(fixture, "once", "first");
        for (var i = 0; i < 20; i++) await AppendAsync(fixture, "k", $"{i}");
        await fixture.Log.CompactAsync();
        (await ReadAsync(fixture)).Count.ShouldBe(21);
        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        await fixture.Log.CompactAsync();
        (await ReadAsync(fixture)).Count.ShouldBeLessThan(5);
        for (var i = 0; i < 20; i++) await AppendAsync(fixture, "l", $"{i}");
        // The open segment is sealed when its records have to be compacted.
        fixture.Time.Advance(TimeSpan.FromSeconds(120));
        await fixture.Log.MaintainAsync();
        await fixture.Log.CompactAsync();
        (await ReadAsync(fixture)).Select(r => r.Key).ShouldBe(["once", "k", "l"]);
    }

    [Fact]
    public async Task Only_a_policy_that_deletes_lets_go_of_old_segments()
    {
        await using var fixture = await LogFixture.OpenAsync(1, [.. s_compact, ("retention.ms", "1000")]);
        await fixture.CreateAsync("both", 1, ("cleanup.policy", "compact,delete"), ("segment.bytes", "300"), ("retention.ms", "1000"));
        foreach (var topic in (string[])["t", "both"])
        {
            for (var i = 0; i < 10; i++) await AppendAsync(fixture, $"k{i}", $"{i}", new TopicPartition(topic, 0));
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(2));
        await fixture.Log.MaintainAsync();
        (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).ShouldBe(new PartitionOffsets(0, 10));
        (await fixture.Log.OffsetsAsync(new TopicPartition("both", 0), default)).ShouldBe(new PartitionOffsets(10, 10));
    }

    [Fact]
    public async Task Readers_meet_no_gap_while_files_are_exchanged()
    {
        await using var fixture = await LogFixture.OpenAsync(1, Compact("4000"));
        for (var i = 0; i < 2_000; i++) await AppendAsync(fixture, i % 10 == 0 ? $"keep{i}" : "k", $"{i}".PadRight(40));
        using var over = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var reads = 0;
            while (!over.IsCancellationRequested || reads == 0)
            {
                reads++;
                var read = await ReadAsync(fixture, bytesMax: 3_000);
                read.Count(r => r.Key.StartsWith("keep", StringComparison.Ordinal)).ShouldBe(200);
                read.Select(r => r.Offset).ShouldBeInOrder();
            }
        })).ToArray();
        for (var pass = 0; pass < 5; pass++)
        {
            await fixture.Log.CompactAsync();
            for (var i = 0; i < 200; i++) await AppendAsync(fixture, "k", $"{i}".PadRight(40));
        }

        await over.CancelAsync();
        await Task.WhenAll(readers);
    }

    private static (string Name, string Value)[] Compact(string segmentBytes) =>
        [("cleanup.policy", "compact"), ("segment.bytes", segmentBytes), ("min.cleanable.dirty.ratio", "0")];

    private static async Task AppendAsync(LogFixture fixture, string key, string? value, TopicPartition? to = null)
    {
        var builder = new RecordBatchBuilder();
        builder.Append(fixture.NowMs, Bytes(key), Bytes(value));
        (await fixture.Log.AppendAsync(to ?? LogFixture.T0, builder.Build(), default)).Error.ShouldBe(AppendError.None);
    }

    private static byte[] CompressedBatch(int codec, (string Key, string Value)[] records)
    {
        var builder = new RecordBatchBuilder();
        foreach (var (key, value) in records) builder.Append(1_700_000_000_000, Bytes(key), Bytes(value));
        var plain = builder.Build().Span;
        byte[] batch = [.. plain[..RecordBatchHeader.Size], .. RecordCompression.Compress((CompressionType)codec, plain[RecordBatchHeader.Size..]).Span];
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchHeader.LengthAt), batch.Length - RecordBatchHeader.LengthOverhead);
        BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(RecordBatchHeader.AttributesAt), (short)codec);
        RecordBatchHeader.Seal(batch);
        return batch;
    }

    private static RecordBytes Bytes(string? text) => text is null ? RecordBytes.Null : RecordBytes.Of(Encoding.UTF8.GetBytes(text));

    private static async Task<List<(long Offset, string Key, string? Value)>> ReadAsync(
        LogFixture fixture, long from = 0, TopicPartition? of = null, int bytesMax = 700)
    {
        var all = new List<(long, string, string?)>();
        for (var at = from; ;)
        {
            var fetched = await fixture.Log.ReadAsync(of ?? LogFixture.T0, at, bytesMax, default);
            if (fetched.Bytes.IsEmpty) return all;
            at = Decode(fetched.Bytes.Span, at, all);
        }
    }

    private static long Decode(ReadOnlySpan<byte> batches, long from, List<(long Offset, string Key, string? Value)> into)
    {
        var records = new RecordReader(batches, from);
        while (records.MoveNext())
            into.Add((records.Offset, Encoding.UTF8.GetString(records.Key.Span), records.Value.IsNull ? null : Encoding.UTF8.GetString(records.Value.Span)));
        return records.NextOffset;
    }
}
