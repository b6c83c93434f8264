using System.Collections.Concurrent;
using Sluice.Emulator;
using Sluice.Source;
using Sluice.Testing;
using Sluice.Unit.Source;

namespace Sluice.Unit.Emulator;

public sealed class StreamEmulatorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_row_is_put_in_the_scripts_own_form()
    {
        await using var streams = await FakeStreams.StartAsync();
        var report = await streams.RunAsync(EmulatorBed.Quick with { InFlight = 1 }, new NumberedRows(("a", 3)), "a");
        report.IsComplete.ShouldBeTrue(report.Stopped);
        var put = streams.Puts.First();
        (put.Line, put.ContentType).ShouldBe(("PUT /dev/streams/streaming-a/record", "application/json"));
        put.Body.ShouldBe("""{"StreamName":"streaming-a","Data":{"n":0,"text":"a …"},"PartitionKey":"0"}""");
        streams.Stored.Select(r => r.Key).ShouldBe(["0", "1", "2"]);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(500)]
    public async Task Rows_travel_together_when_told_to(int recordsPerPost)
    {
        await using var streams = await FakeStreams.StartAsync();
        var options = EmulatorBed.Quick with { RecordsPerPost = recordsPerPost, PartitionKey = "one \"key\"" };
        var report = await streams.RunAsync(options, new NumberedRows(("a", 1_003), ("b", 20)), "a", "b");
        report.Topics.Select(t => (t.Topic, t.Sent, t.Accepted)).ShouldBe([("streaming-a", 1_003, 1_003), ("streaming-b", 20, 20)]);
        streams.Stored.Count(r => r.Data.GetProperty("text").GetString() == "a …").ShouldBe(1_003);
        streams.Stored.ShouldAllBe(r => r.Key == "one \"key\"");
        streams.Puts.ShouldAllBe(put => put.Line.EndsWith("/records", StringComparison.Ordinal));
        streams.Puts.Max(put => put.Records.Length).ShouldBe(recordsPerPost);
    }

    [Fact]
    public async Task Of_a_post_taken_in_part_only_the_failed_records_are_sent_again()
    {
        var tries = new ConcurrentDictionary<long, int>();
        await using var streams = await FakeStreams.StartAsync(put =>
        {
            foreach (var record in put.Records) tries.AddOrUpdate(record.Number, 1, (_, count) => count + 1);
            return new FakeStreamAnswer(ErrorOf: r => r.Number % 5 == 0 && tries[r.Number] < 3 ? "ProvisionedThroughputExceededException" : null);
        });
        var report = await streams.RunAsync(EmulatorBed.Quick with { RecordsPerPost = 25 }, new NumberedRows(("a", 100)), "a");
        var topic = report.Topics.Single();
        (topic.Sent, topic.Accepted, topic.Retried, topic.Refused).ShouldBe((100, 100, 40, 0));
        tries.ShouldAllBe(t => t.Value == (t.Key % 5 == 0 ? 3 : 1));
        streams.Stored.Select(r => r.Number).Order().ShouldBe(Enumerable.Range(0, 100).Select(n => (long)n));
    }

    [Theory]
    [InlineData(400, """{"__type":"ProvisionedThroughputExceededException","message":"Rate exceeded for shard"}""")]
    [InlineData(400, """{"__type":"com.amazonaws.kinesis.v20131202#LimitExceededException","message":"slow down"}""")]
    [InlineData(200, """{"__type":"ProvisionedThroughputExceededException","message":"a gateway that answers 200 for all"}""")]
    [InlineData(500, """{"message": "Internal server error"}""")]
    [InlineData(429, """{"message":"Too Many Requests"}""")]
    [InlineData(504, """{"message": "Endpoint request timed out"}""")]
    public async Task A_passing_error_is_tried_again(int status, string body)
    {
        await using var streams = await FakeStreams.StartAsync(put => put.Number % 2 == 1 ? new FakeStreamAnswer(status, body) : new FakeStreamAnswer());
        var report = await streams.RunAsync(EmulatorBed.Quick with { InFlight = 1 }, new NumberedRows(("a", 10)), "a");
        (report.Accepted, report.Retried, report.Refused).ShouldBe((10, 10, 0));
        streams.Stored.Count.ShouldBe(10);
    }

    [Theory]
    [InlineData(400, """{"__type":"ResourceNotFoundException","message":"Stream x not found"}""", "400 ResourceNotFoundException: Stream x not found")]
    [InlineData(200, """{"__type":"ResourceNotFoundException","message":"Stream x not found"}""", "200 ResourceNotFoundException: Stream x not found")]
    [InlineData(403, """{"message":"Missing Authentication Token"}""", "403 Missing Authentication Token")]
    [InlineData(415, """{"message": "Unsupported Media Type"}""", "415 Unsupported Media Type")]
    [InlineData(200, """{"offsets":[]}""", "200 but no answer of Kinesis")]
    [InlineData(200, "[1]", "200 but no answer of Kinesis")]
    [InlineData(404, "not\njson", "404 not json")]
    public async Task What_cannot_get_better_is_refused_at_once(int status, string body, string reason)
    {
        await using var streams = await FakeStreams.StartAsync(_ => new FakeStreamAnswer(status, body));
        var topic = (await streams.RunAsync(EmulatorBed.Quick, new NumberedRows(("a", 4)), "a")).Topics.Single();
        (topic.Sent, topic.Accepted, topic.Retried, topic.Refused).ShouldBe((4, 0, 0, 4));
        topic.Reasons.ShouldHaveSingleItem().ShouldStartWith(reason);
    }

    [Fact]
    public async Task A_row_without_its_key_ends_the_run_with_the_remedy()
    {
        await using var streams = await FakeStreams.StartAsync();
        PostTarget[] targets = [streams.Targets("a")[0] with { KeyColumn = "index" }];
        var report = await StreamEmulator.RunAsync(EmulatorBed.Quick, new NumberedRows(("a", 4)), targets, null, TimeProvider.System, CancellationToken.None);
        report.Stopped.ShouldNotBeNull().ShouldContain("'index'");
        report.Sent.ShouldBe(0);
    }

    [Fact]
    public async Task Real_rows_arrive_whole_with_the_datasets_key()
    {
        await using var streams = await FakeStreams.StartAsync();
        await using var source = await SourceBed.OpenAsync(new SourceUri.Generated(300), SourceBed.Pinterest);
        var targets = PostTarget.ForStreams(streams.Url, "dev", SourceBed.Pinterest);
        targets[0].Url.AbsolutePath.ShouldBe("/dev/streams/streaming-demo-pin");
        var report = await StreamEmulator.RunAsync(
            EmulatorBed.Quick with { RecordsPerPost = 100 }, source, targets, null, TimeProvider.System, CancellationToken.None);
        report.Accepted.ShouldBe(900);
        var pins = streams.Stored.Where(r => r.Data.TryGetProperty("index", out _)).ToList();
        pins.Select(r => r.Data.GetRawText()).Order(StringComparer.Ordinal)
            .ShouldBe((await source.TextsAsync("pinterest_data")).Order(StringComparer.Ordinal));
        pins.ShouldAllBe(r => r.Key == r.Data.GetProperty("index").GetRawText());
    }

    [Fact]
    public void Aws_urls_yaml_gives_whole_addresses_or_invoke_urls()
    {
        File.WriteAllText(_folder.At("urls.yaml"), """
            pinterest_data: https://a.example/dev/streams/streaming-0abc-pin/record
            geolocation_data: https://a.example/dev/streams/streaming-0abc-geo
            user_data: https://a.example/dev/
            """);
        PostTarget.ReadStreamUrls(_folder.At("urls.yaml"), SourceBed.Pinterest).Targets!.Select(t => t.Url.AbsoluteUri).ShouldBe(
        [
            "https://a.example/dev/streams/streaming-0abc-pin", "https://a.example/dev/streams/streaming-0abc-geo",
            "https://a.example/dev/streams/streaming-demo-user",
        ]);
    }

    [Fact]
    public void Options_beyond_kinesis_are_named()
    {
        var wrong = new EmulatorOptions { RecordsPerPost = 501, PartitionKey = new string('k', 257), InFlight = 0 };
        wrong.StreamFaults().Count.ShouldBe(3);
        new EmulatorOptions { RecordsPerPost = 501 }.Faults().ShouldBeEmpty();
    }
}
