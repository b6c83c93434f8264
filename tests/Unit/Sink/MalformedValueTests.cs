using System.Text;
using System.Text.Json;
using CsCheck;
using Sluice.Log;
using Sluice.Sink;
using Sluice.Testing;
using Sluice.Testing.Watched;

namespace Sluice.Unit.Sink;

public sealed class MalformedValueTests : IAsyncDisposable
{
    private readonly SinkFixture _sink = new();

    public ValueTask DisposeAsync() => _sink.DisposeAsync();

    [Theory]
    [InlineData("{\"a\":", "{\"a\":")]
    [InlineData("hello world", "hello world")]
    [InlineData("1 2", "1 2")]
    [InlineData("NaN", "NaN")]
    [InlineData("back\\slash é", "back\\slash é")]
    [InlineData("", "!escaped ")]
    [InlineData("  ", "!escaped   ")]
    [InlineData("two\nlines\r\n", "!escaped two\\x0Alines\\x0D\\x0A")]
    // Mending the line break would have made JSON of it.
    [InlineData("\"a\nb\"", "!escaped \"a\\x0Ab\"")]
    [InlineData("nul\0tab\tdel\u007F\\", "!escaped nul\\x00tab\\x09del\\x7F\\\\")]
    [InlineData("!escaped x", "!escaped !escaped x")]
    public async Task A_value_that_is_not_JSON_is_landed_as_one_line_that_is_not_JSON(string value, string line)
    {
        var landed = await _sink.LandAsync(SinkFixture.Config, "1", value, "3");

        landed.Single().Text.ShouldBe($"1\n{line}\n3\n");
    }

    [Fact]
    public async Task Any_bytes_land_as_one_line_of_UTF8_from_which_they_can_be_told()
    {
        var telling = "\n\\\"{} 1é"u8.ToArray();
        var values = Gen.OneOf(Gen.Byte, Gen.Int[0, telling.Length - 1].Select(i => telling[i])).Array[0, 12];
        await values.Array[1, 20].SampleAsync(
            async all =>
            {
                await using var sink = new SinkFixture();
                await sink.Memory.AppendAsync(SinkFixture.Pins, all.Select(v => (0L, (byte[]?)v)));
                var landed = await sink.LandAsync(SinkFixture.Config);
                var lines = landed.Single().Text.Split('\n');
                lines.Length.ShouldBe(all.Length + 1);
                for (var i = 0; i < all.Length; i++) CheckLine(all[i], lines[i]);
            },
            iter: 300);
    }

    [Fact]
    public async Task Invalid_UTF8_inside_a_JSON_string_is_malformed()
    {
        await _sink.Memory.AppendAsync(SinkFixture.Pins, (0, [(byte)'"', 0xFF, (byte)'"']));

        (await _sink.LandAsync(SinkFixture.Config)).Single().Text.ShouldBe("!escaped \"\\xFF\"\n");
    }

    [Fact]
    public async Task Nesting_beyond_the_limit_is_malformed_and_up_to_it_is_not()
    {
        var deep = new string('[', 1_000) + new string(']', 1_000);
        var deeper = new string('[', 1_001) + new string(']', 1_001);
        var sink = _sink.NewSink(SinkFixture.Config);
        await _sink.AppendAsync(deep, deeper);
        using var stop = new CancellationTokenSource();
        var run = sink.RunAsync(stop.Token);

        await sink.FlushAsync(CancellationToken.None);

        sink.Status.Tasks.Single().Partitions.Single().Malformed.ShouldBe(1);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Told_to_fail_the_partition_fails_with_the_offset_and_the_remedy()
    {
        await _sink.AppendAsync("1", "oops");

        var failure = await Should.ThrowAsync<SinkException>(() => _sink.LandAsync(SinkFixture.Config with { MalformedValues = MalformedValues.Fail }));

        failure.Message.ShouldContain("offset 1 of pins-0 is not JSON");
        failure.Message.ShouldContain("behavior.on.malformed=land");
        (await _sink.LandedAsync()).ShouldBeEmpty();
        // The remedy works.
        (await _sink.LandAsync(SinkFixture.Config)).Single().Text.ShouldBe("1\noops\n");
    }

    [Fact]
    public async Task A_null_value_told_to_fail_on_fails()
    {
        await _sink.AppendAsync("1", null);

        var failure = await Should.ThrowAsync<SinkException>(() => _sink.LandAsync(SinkFixture.Config with { NullValues = NullValues.Fail }));

        failure.Message.ShouldContain("offset 1 of pins-0 is null");
    }

    [Fact]
    public async Task Tolerated_malformed_values_go_to_the_dead_letter_topic_and_have_no_line()
    {
        var config = SinkFixture.Config with { MalformedValues = MalformedValues.DeadLetter, DeadLetterTopic = "dead" };
        var landed = await _sink.LandAsync(config, "0", "oops", "2", "bad");

        landed.Select(l => l.Text).ShouldBe(["""{"start":0,"end":4,"object":0,"lines":[[0,1],[2,3]],"skipped":[[1,2],[3,4]]}""", "0\n2\n"]);
        _sink.Memory.Records("dead").Select(r => Encoding.UTF8.GetString(r.Value!)).ShouldBe(["oops", "bad"]);
        (await _sink.CommittedAsync()).Offset.ShouldBe(4);
    }

    [Fact]
    public async Task A_dead_letter_is_the_record_with_its_key_time_and_headers()
    {
        var batch = new RecordBatchBuilder();
        batch.Append(7, RecordBytes.Of("k"u8), RecordBytes.Of("oops"u8), [new RecordHeader("trace", [1, 2]), new RecordHeader("empty", null)]);
        await _sink.Memory.AppendAsync(SinkFixture.Pins, batch.Build(), CancellationToken.None);

        await _sink.LandAsync(SinkFixture.Config with { MalformedValues = MalformedValues.DeadLetter, DeadLetterTopic = "dead" });

        var dead = new RecordReader((await _sink.Memory.ReadAsync(new TopicPartition("dead", 0), 0, int.MaxValue, CancellationToken.None)).Bytes.Span, 0);
        dead.MoveNext().ShouldBeTrue();
        dead.TimestampMs.ShouldBe(7);
        Encoding.UTF8.GetString(dead.Key.Span).ShouldBe("k");
        Encoding.UTF8.GetString(dead.Value.Span).ShouldBe("oops");
        var headers = dead.ReadHeaders();
        headers.Select(header => header.Name).ShouldBe(["trace", "empty"]);
        headers[0].Value.ShouldBe([1, 2]);
        headers[1].Value.ShouldBeNull();
    }

    private static void CheckLine(byte[] value, string line)
    {
        if (IsJson(value))
        {
            JsonNodeText(Encoding.UTF8.GetBytes(line)).ShouldBe(JsonNodeText(value));
            return;
        }

        IsJson(Encoding.UTF8.GetBytes(line)).ShouldBeFalse();
        Decode(line).ShouldBe(value);
    }

    private static bool IsJson(byte[] bytes)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes)) return false;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string JsonNodeText(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return JsonSerializer.Serialize(document.RootElement);
    }

    /// <summary>Reads a malformed line back, as <see cref="MalformedLine"/> describes it.</summary>
    private static byte[] Decode(string line)
    {
        const string mark = "!escaped ";
        var bytes = Encoding.UTF8.GetBytes(line);
        if (!line.StartsWith(mark, StringComparison.Ordinal)) return bytes;
        var value = new List<byte>();
        for (var i = mark.Length; i < bytes.Length; i++)
        {
            if (bytes[i] != '\\') value.Add(bytes[i]);
            else if (bytes[++i] == '\\') value.Add((byte)'\\');
            else value.Add(Convert.FromHexString(Encoding.ASCII.GetString(bytes, (i += 2) - 1, 2))[0]);
        }

        return [.. value];
    }
}
