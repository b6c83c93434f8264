using Sluice.Sink;
using Sluice.Testing.Watched;

namespace Sluice.Unit.Sink;

/// <summary>Keys, bytes, and where objects end.</summary>
public sealed class SinkObjectTests : IAsyncDisposable
{
    private readonly SinkFixture _sink = new();

    public ValueTask DisposeAsync() => _sink.DisposeAsync();

    [Fact]
    public async Task Flush_size_1_makes_one_object_per_record_with_Confluents_keys_and_bytes()
    {
        var landed = await _sink.LandAsync(SinkFixture.Config with { FlushSize = 1 }, """{"index":1}""", """{"index":2}""");

        landed.ShouldBe(
        [
            ("topics/pins/partition=0/pins+0+0000000000.json", "{\"index\":1}\n"),
            ("topics/pins/partition=0/pins+0+0000000001.json", "{\"index\":2}\n"),
        ]);
    }

    [Fact]
    public async Task Key_parts_are_those_of_the_configuration()
    {
        var config = SinkFixture.Config with { TopicsDir = "", FileDelim = "-", OffsetPadWidth = 3 };
        (await _sink.LandAsync(config, "1")).ShouldBe([("pins/partition=0/pins-0-000.json", "1\n")]);

        config.KeyOf(new("pins", 12), 123_456).Value.ShouldBe("pins/partition=12/pins-12-123456.json");
        (SinkFixture.Config with { TopicsDir = "a/b", DirectoryDelim = "_" }).KeyOf(new("t", 1), 7).Value
            .ShouldBe("a/b_t_partition=1_t+1+0000000007.json");
    }

    [Theory]
    [InlineData("""{"a":1,"b":[true,null,"x"]}""", """{"a":1,"b":[true,null,"x"]}""")]
    [InlineData("""{"a": 1, "b": [ true , null, "x y" ] }""", """{"a":1,"b":[true,null,"x y"]}""")]
    [InlineData("{\r\n\t\"a\" : { } ,\n \"b\" : [ ]\n}\n", """{"a":{},"b":[]}""")]
    [InlineData("""{"n":1.50,"e":1E+5,"z":-0,"big":123456789012345678901234567890}""", """{"n":1.50,"e":1E+5,"z":-0,"big":123456789012345678901234567890}""")]
    [InlineData("""{ "s":"é \u00e9 \/ \" 😀 : , {} []" }""", """{"s":"é \u00e9 \/ \" 😀 : , {} []"}""")]
    [InlineData("""[ [1,2] , [ ] , {"a":[{"b":1},{"c":2}]} , "x" ]""", """[[1,2],[],{"a":[{"b":1},{"c":2}]},"x"]""")]
    [InlineData(" 12 ", "12")]
    [InlineData("\"text\"", "\"text\"")]
    public async Task A_value_is_one_line_and_keeps_the_spelling_of_numbers_and_strings(string value, string line) =>
        (await _sink.LandAsync(SinkFixture.Config, value)).ShouldBe([("topics/pins/partition=0/pins+0+0000000000.json", line + "\n")]);

    [Fact]
    public async Task A_null_value_is_the_line_null() =>
        (await _sink.LandAsync(SinkFixture.Config, "1", null, "3")).Single().Text.ShouldBe("1\nnull\n3\n");

    [Fact]
    public async Task An_ignored_null_value_has_no_line_and_does_not_count()
    {
        var config = SinkFixture.Config with { NullValues = NullValues.Ignore, FlushSize = 2 };
        var landed = await _sink.LandAsync(config, null, "1", null, "3", "4", null);

        landed.Where(IsObject).ShouldBe([("topics/pins/partition=0/pins+0+0000000001.json", "1\n3\n"), ("topics/pins/partition=0/pins+0+0000000004.json", "4\n")]);
        OffsetsOf(landed).ShouldBe(
        [
            ("topics.offsets/pins/partition=0/pins+0+0000000000.json", """{"start":0,"end":4,"object":1,"lines":[[1,2],[3,4]],"skipped":[[0,1],[2,3]]}"""),
            ("topics.offsets/pins/partition=0/pins+0+0000000004.json", """{"start":4,"end":6,"object":4,"lines":[[4,5]],"skipped":[[5,6]]}"""),
        ]);
        (await _sink.CommittedAsync()).Offset.ShouldBe(6);
    }

    [Fact]
    public async Task Offsets_without_a_record_do_not_end_an_object_and_stand_beside_it()
    {
        await _sink.Memory.AppendControlAsync(SinkFixture.Pins);
        await _sink.AppendAsync("1", "2");
        await _sink.Memory.AppendControlAsync(SinkFixture.Pins);
        await _sink.AppendAsync("4", "5", "6");
        await _sink.Memory.AppendControlAsync(SinkFixture.Pins);

        var landed = await _sink.LandAsync(SinkFixture.Config with { FlushSize = 3 });

        landed.Where(IsObject).ShouldBe(
            [("topics/pins/partition=0/pins+0+0000000001.json", "1\n2\n4\n"), ("topics/pins/partition=0/pins+0+0000000005.json", "5\n6\n")]);
        OffsetsOf(landed).ShouldBe(
        [
            ("topics.offsets/pins/partition=0/pins+0+0000000000.json", """{"start":0,"end":5,"object":1,"lines":[[1,3],[4,5]],"skipped":[]}"""),
            ("topics.offsets/pins/partition=0/pins+0+0000000005.json", """{"start":5,"end":8,"object":5,"lines":[[5,7]],"skipped":[]}"""),
        ]);
    }

    [Fact]
    public async Task A_flush_accounts_for_offsets_behind_the_last_record_once()
    {
        await _sink.LandAsync(SinkFixture.Config with { FlushSize = 1 }, "0");
        await _sink.Memory.AppendControlAsync(SinkFixture.Pins);
        await _sink.LandAsync(SinkFixture.Config);
        var landed = await _sink.LandAsync(SinkFixture.Config);

        landed.Where(IsObject).Count().ShouldBe(1);
        OffsetsOf(landed).Single().Text.ShouldBe("""{"start":1,"end":2,"lines":[],"skipped":[]}""");
        (await _sink.CommittedAsync()).Offset.ShouldBe(2);
    }

    [Fact]
    public async Task Records_that_retention_removed_before_they_were_sunk_are_noted_as_skipped()
    {
        await _sink.LandAsync(SinkFixture.Config, "0");
        await _sink.AppendAsync("1", "2", "3");
        _sink.Log.RetainFrom(SinkFixture.Pins, 3);

        OffsetsOf(await _sink.LandAsync(SinkFixture.Config)).Single().Text
            .ShouldBe("""{"start":1,"end":4,"object":3,"lines":[[3,4]],"skipped":[[1,3]]}""");
    }

    [Theory]
    // flush.size counts records; the last object holds what the flush found.
    [InlineData(3, -1, "0 0 0 0 0 0 0", "3 3 1")]
    [InlineData(7, -1, "0 0 0 0 0 0 0", "7")]
    // rotate.interval.ms compares with the first record of the object, when a record arrives.
    [InlineData(100, 10, "0 5 9 10 15 20 21", "3 2 2")]
    [InlineData(100, 10, "0 100 101 300", "1 2 1")]
    // An older record never ends an object, and the first one stays the base.
    [InlineData(100, 10, "20 5 29 30", "3 1")]
    // Both at once: whichever comes first.
    [InlineData(2, 10, "0 1 2 15 16 17", "2 1 2 1")]
    // A record without a timestamp is no reason to end an object.
    [InlineData(100, 10, "-1 500 -1 900", "4")]
    public async Task Objects_end_by_count_and_by_record_time(int flushSize, int intervalMs, string timestamps, string sizes)
    {
        foreach (var timestamp in timestamps.Split(' ')) await _sink.AppendAtAsync(long.Parse(timestamp), "0");
        var config = SinkFixture.Config with { FlushSize = flushSize, RotateInterval = intervalMs < 0 ? null : TimeSpan.FromMilliseconds(intervalMs) };

        var landed = await _sink.LandAsync(config);

        string.Join(' ', landed.Select(l => l.Text.Count(c => c == '\n'))).ShouldBe(sizes);
    }

    [Fact]
    public async Task A_large_object_is_written_in_parts_and_is_whole()
    {
        var values = Enumerable.Range(0, 3_000).Select(i => $$"""{"i":{{i}},"text":"{{new string('x', 1_000)}}"}""").ToArray();
        foreach (var chunk in values.Chunk(500)) await _sink.AppendAsync(chunk);

        var landed = await _sink.LandAsync(SinkFixture.Config with { FlushSize = 2_900, PartBytes = 1 << 20 });

        landed.Select(l => l.Key).ShouldBe(["topics/pins/partition=0/pins+0+0000000000.json", "topics/pins/partition=0/pins+0+0000002900.json"]);
        string.Concat(landed.Select(l => l.Text)).ShouldBe(string.Concat(values.Select(v => v + "\n")));
        _sink.Hook.Passed.Count(o => o == "complete").ShouldBe(1);
        _sink.Hook.Passed.Count(o => o == "part").ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task More_objects_than_one_decision_names_are_all_written()
    {
        var landed = await _sink.LandAsync(SinkFixture.Config with { FlushSize = 1 }, [.. Enumerable.Range(0, 200).Select(i => $"{i}")]);

        landed.Select(l => l.Text).ShouldBe(Enumerable.Range(0, 200).Select(i => $"{i}\n"));
    }

    private static bool IsObject((string Key, string Text) landed) => landed.Key.StartsWith("topics/", StringComparison.Ordinal);

    private static IEnumerable<(string Key, string Text)> OffsetsOf(IEnumerable<(string Key, string Text)> landed) => landed.Where(item => !IsObject(item));
}
