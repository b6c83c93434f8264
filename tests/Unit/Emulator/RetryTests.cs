using System.Collections.Concurrent;
using Sluice.Emulator;

namespace Sluice.Unit.Emulator;

public sealed class RetryTests
{
    public static TheoryData<string> Troubles => ["429", "429 later", "500", "503", "dropped", "stored but dropped"];

    [Theory, MemberData(nameof(Troubles))]
    public async Task A_post_in_passing_trouble_is_sent_again_until_it_is_taken(string trouble)
    {
        await using var proxy = await FakeProxy.StartAsync(post => post.Number % 3 != 0 ? new FakeAnswer() : trouble switch
        {
            "429" => new FakeAnswer(429, """{"message":"Too Many Requests"}"""),
            "429 later" => new FakeAnswer(429, """{"message":"Too Many Requests"}""", RetryAfter: 1),
            "500" => new FakeAnswer(500, "no JSON"),
            "503" => new FakeAnswer(503, """{"error_code":50302,"message":"busy"}"""),
            "dropped" => new FakeAnswer(0, Drop: true),
            _ => new FakeAnswer(200, Drop: true),
        });
        var report = await proxy.RunAsync(new NumberedRows(("a", 200)), EmulatorBed.Quick, "a");
        report.IsComplete.ShouldBeTrue(report.Stopped);
        report.Accepted.ShouldBe(200);
        report.Retried.ShouldBeGreaterThanOrEqualTo(66);
        proxy.Numbers("a").Distinct().Count().ShouldBe(200);
        if (trouble != "stored but dropped")
        {
            proxy.StoredCount.ShouldBe(200);
        }
    }

    [Fact]
    public async Task An_answer_that_does_not_come_in_time_is_asked_for_again()
    {
        var never = new TaskCompletionSource();
        await using var proxy = await FakeProxy.StartAsync(post => new FakeAnswer(Hold: post.Number == 3 ? never.Task : null));
        var report = await proxy.RunAsync(
            new NumberedRows(("a", 20)), EmulatorBed.Quick with { AttemptTimeout = TimeSpan.FromSeconds(1) }, "a");
        report.Accepted.ShouldBe(20);
        report.Retried.ShouldBeGreaterThanOrEqualTo(1);
        proxy.Numbers("a").Distinct().Count().ShouldBe(20);
    }

    [Fact]
    public async Task Of_a_post_with_failed_records_only_those_worth_it_are_sent_again()
    {
        var tries = new ConcurrentDictionary<long, int>();
        await using var proxy = await FakeProxy.StartAsync(post =>
        {
            foreach (var value in post.Values)
            {
                tries.AddOrUpdate(value.GetProperty("n").GetInt64(), 1, (_, count) => count + 1);
            }

            return new FakeAnswer(ErrorOf: value => value.GetProperty("n").GetInt64() switch
            {
                var n when n % 10 == 3 => 50002,
                var n when n % 10 == 5 && tries[n] == 1 => 50003,
                _ => null,
            });
        });
        var report = await proxy.RunAsync(new NumberedRows(("a", 100)), EmulatorBed.Quick with { RecordsPerPost = 25 }, "a");
        var topic = report.Topics.Single();
        (topic.Sent, topic.Accepted, topic.Retried, topic.Refused).ShouldBe((100, 90, 10, 10));
        topic.Reasons.ShouldContain(r => r.Contains("50002 record refused", StringComparison.Ordinal));
        tries.ShouldAllBe(t => t.Value == (t.Key % 10 == 5 ? 2 : 1));
        proxy.Numbers("a").Order().ShouldBe(Enumerable.Range(0, 100).Where(n => n % 10 != 3).Select(n => (long)n));
    }

    [Theory]
    [InlineData(403, """{"message":"Forbidden"}""", "403 Forbidden")]
    [InlineData(404, """{"error_code":40401,"message":"Topic not found."}""", "404 40401: Topic not found.")]
    [InlineData(422, """{"error_code":422,"message":"Unrecognized field: ind"}""", "422 422: Unrecognized field: ind")]
    [InlineData(200, """{"ok":true}""", "200 but no Kafka REST answer")]
    [InlineData(200, """{"offsets":[]}""", "200 but 0 offsets for 1 records")]
    public async Task What_cannot_get_better_is_refused_at_once_with_the_servers_reason(int status, string body, string reason)
    {
        var posts = 0;
        await using var proxy = await FakeProxy.StartAsync(post =>
        {
            Interlocked.Increment(ref posts);
            return new FakeAnswer(status, body);
        });
        var topic = (await proxy.RunAsync(new NumberedRows(("a", 10)), EmulatorBed.Quick, "a")).Topics.Single();
        (topic.Sent, topic.Accepted, topic.Retried, topic.Refused).ShouldBe((10, 0, 0, 10));
        topic.Reasons.ShouldHaveSingleItem().ShouldStartWith(reason);
        posts.ShouldBe(10);
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_the_run_with_the_remedy()
    {
        await using var proxy = await FakeProxy.StartAsync();
        PostTarget[] targets = [new("a", "demo.a", new Uri("http://127.0.0.1:1/dev/topics/demo.a"))];
        var report = await BatchEmulator.RunAsync(
            EmulatorBed.Quick with { Attempts = 3 }, new NumberedRows(("a", 1_000_000)), targets, null, TimeProvider.System, CancellationToken.None);
        report.Stopped.ShouldNotBeNull().ShouldContain("http://127.0.0.1:1/dev/topics/demo.a");
        report.Stopped.ShouldContain("check that it runs");
        report.Sent.ShouldBeLessThan(1_000);
        report.Sent.ShouldBe(report.Refused);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task In_any_mix_of_troubles_each_row_is_stored_or_refused(int seed)
    {
        var random = new Random(seed);
        await using var proxy = await FakeProxy.StartAsync(post =>
        {
            int draw;
            lock (random)
            {
                draw = random.Next(10);
            }

            return draw switch
            {
                0 => new FakeAnswer(429, "{}"),
                1 => new FakeAnswer(502, ""),
                2 => new FakeAnswer(0, Drop: true),
                3 => new FakeAnswer(200, Drop: true),
                4 => new FakeAnswer(ErrorOf: v => v.GetProperty("n").GetInt64() % 3 == 0 ? 50003 : null),
                5 => new FakeAnswer(ErrorOf: v => v.GetProperty("n").GetInt64() % 7 == 0 ? 50002 : null),
                _ => new FakeAnswer(),
            };
        });
        var options = EmulatorBed.Quick with { RecordsPerPost = 10, Attempts = 50 };
        var report = await proxy.RunAsync(new NumberedRows(("a", 2_000), ("b", 500)), options, "a", "b");
        report.Stopped.ShouldBeNull($"seed {seed}");
        foreach (var topic in report.Topics)
        {
            var stored = proxy.Numbers(topic.Topic[^1..]).Distinct().Count();
            topic.Sent.ShouldBe(topic.Accepted + topic.Refused, $"seed {seed}");
            // A refused record may have been stored by an earlier try whose answer was lost.
            stored.ShouldBeInRange((int)topic.Accepted, (int)topic.Sent, $"seed {seed}");
        }
    }
}
