using Microsoft.Extensions.Time.Testing;
using Sluice.Emulator;
using Sluice.Source;
using Sluice.Unit.Source;

namespace Sluice.Unit.Emulator;

public sealed class BatchEmulatorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000)]
    public async Task Every_row_of_every_table_is_posted_once_in_the_scripts_own_form(int recordsPerPost)
    {
        FakePost? seen = null;
        await using var proxy = await FakeProxy.StartAsync(post =>
        {
            seen = post;
            return new FakeAnswer();
        });
        var options = EmulatorBed.Quick with { RecordsPerPost = recordsPerPost, ApiKey = "key-1" };
        var report = await proxy.RunAsync(new NumberedRows(("a", 250), ("b", 99)), options, "a", "b");
        report.IsComplete.ShouldBeTrue(report.Stopped);
        report.Topics.Select(t => (t.Topic, t.Sent, t.Accepted, t.Retried, t.Refused))
            .ShouldBe([("demo.a", 250, 250, 0, 0), ("demo.b", 99, 99, 0, 0)]);
        proxy.Numbers("a").Order().ShouldBe(Enumerable.Range(0, 250).Select(n => (long)n));
        proxy.Numbers("b").Order().ShouldBe(Enumerable.Range(0, 99).Select(n => (long)n));
        seen.ShouldNotBeNull().ContentType.ShouldBe("application/vnd.kafka.json.v2+json");
        seen.ApiKey.ShouldBe("key-1");
        seen.Path.ShouldStartWith("/dev/topics/demo.");
        seen.Values[0].GetRawText().ShouldContain(" …\"");
    }

    [Fact]
    public async Task Rows_larger_than_a_write_and_posts_larger_than_their_limit_arrive_whole()
    {
        await using var proxy = await FakeProxy.StartAsync();
        await using var source = await SourceBed.OpenAsync(new SourceUri.Generated(3_000), SourceBed.Pinterest);
        var targets = PostTarget.ForGateway(proxy.Url, "dev", SourceBed.Pinterest);
        var options = EmulatorBed.Quick with { RecordsPerPost = 2_000 };
        var report = await BatchEmulator.RunAsync(options, source, targets, null, TimeProvider.System, CancellationToken.None);
        report.Accepted.ShouldBe(9_000);
        proxy.Stored["demo.pin"].Select(v => v.GetRawText()).Order(StringComparer.Ordinal)
            .ShouldBe((await source.TextsAsync("pinterest_data")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_seed_draws_the_rows_that_the_described_scripts_draw()
    {
        await using var proxy = await FakeProxy.StartAsync();
        var options = EmulatorBed.Quick with { Draw = Draw.RandomWithReplacement, DrawBelow = 11_001, Rows = 600, InFlight = 1 };
        var report = await proxy.RunAsync(new NumberedRows(("a", 11_154), ("b", 11_154)), options, "a", "b");
        report.Accepted.ShouldBe(1_200);
        proxy.Numbers("a")[..10].ShouldBe([7528, 2863, 5730, 8304, 8731, 1313, 4315, 10794, 5494, 5069]);
        proxy.Numbers("b").ShouldBe(proxy.Numbers("a"));
        proxy.Numbers("a").Max().ShouldBeLessThan(11_001);
    }

    [Fact]
    public async Task The_rate_is_kept_over_all_topics_together()
    {
        const int Records = 80;
        var time = new DelayCountingTime();
        await using var proxy = await FakeProxy.StartAsync();
        var options = EmulatorBed.Quick with { Rate = 100, InFlight = 1 };
        var run = BatchEmulator.RunAsync(
            options, new NumberedRows(("a", Records / 2), ("b", Records / 2)), EmulatorBed.Targets(proxy, "a", "b"), null, time, CancellationToken.None);
        // At 100 a second one record is due every 10 ms, the first at once. The two topics take turns: while one record is
        // stored, both posters have begun to wait for the next two, and only then may the clock move on.
        for (var expected = 1; expected <= Records; expected++)
        {
            await proxy.StoredAsync(expected);
            await time.DelaysAsync(Math.Min(Records - 1, expected + 1));
            proxy.StoredCount.ShouldBe(expected);
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        (await run).Accepted.ShouldBe(Records);
    }

    [Fact]
    public async Task Cancelling_ends_the_posts_under_way_and_counts_them()
    {
        using var cancel = new CancellationTokenSource();
        var release = new TaskCompletionSource();
        await using var proxy = await FakeProxy.StartAsync(post =>
        {
            if (post.Number == 20)
            {
                cancel.Cancel();
                release.SetResult();
            }

            return new FakeAnswer(Hold: post.Number > 15 ? release.Task : null);
        });
        var report = await BatchEmulator.RunAsync(
            EmulatorBed.Quick with { InFlight = 5 }, new NumberedRows(("a", 100_000)), EmulatorBed.Targets(proxy, "a"), null, TimeProvider.System, cancel.Token);
        report.Stopped.ShouldBe("canceled");
        report.Sent.ShouldBeInRange(20, 60);
        report.Accepted.ShouldBe(proxy.StoredCount);
        report.Sent.ShouldBe(report.Accepted + report.Refused);
    }

    [Fact]
    public async Task Progress_ends_with_the_counts_of_the_report()
    {
        var seen = new List<EmulatorProgress>();
        await using var proxy = await FakeProxy.StartAsync();
        var report = await BatchEmulator.RunAsync(
            EmulatorBed.Quick, new NumberedRows(("a", 500)), EmulatorBed.Targets(proxy, "a"), new Listed(seen), TimeProvider.System, CancellationToken.None);
        var last = seen[^1].Topics.Single();
        (last.Total, last.Sent, last.Accepted, last.Refused).ShouldBe((500, 500, 500, 0));
        report.Accepted.ShouldBe(500);
    }

    [Fact]
    public async Task Wrong_options_are_all_named()
    {
        var wrong = new EmulatorOptions { RecordsPerPost = 0, InFlight = 1_000, Rate = -1, Rows = 0, Attempts = 0, DrawBelow = 0 };
        wrong.Faults().Count.ShouldBe(6);
        await Should.ThrowAsync<ArgumentException>(() =>
            BatchEmulator.RunAsync(wrong, new NumberedRows(), [], null, TimeProvider.System, CancellationToken.None));
    }

    private sealed class Listed(List<EmulatorProgress> seen) : IProgress<EmulatorProgress>
    {
        public void Report(EmulatorProgress value) => seen.Add(value);
    }
}
