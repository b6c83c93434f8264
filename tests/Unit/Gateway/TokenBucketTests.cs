using Microsoft.Extensions.Time.Testing;
using Sluice.Gateway.Admission;
using Sluice.Gateway.Config;

namespace Sluice.Unit.Gateway;

public sealed class TokenBucketTests
{
    [Fact]
    public void Threads_together_get_no_more_than_the_burst()
    {
        var bucket = new TokenBucket(new ThrottleConfig { RatePerSecond = 1, Burst = 100 }, new FakeTimeProvider());
        var taken = 0;
        Parallel.For(0, 1000, _ =>
        {
            if (bucket.TryTake()) Interlocked.Increment(ref taken);
        });
        taken.ShouldBe(100);
    }

    [Fact]
    public void Over_a_long_time_the_rate_is_kept()
    {
        var time = new FakeTimeProvider();
        var bucket = new TokenBucket(new ThrottleConfig { RatePerSecond = 10, Burst = 5 }, time);
        var taken = 0;
        for (var i = 0; i < 10_000; i++)
        {
            if (bucket.TryTake()) taken++;
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        taken.ShouldBeInRange(1000, 1005);
    }

    [Fact]
    public void Request_ids_do_not_repeat()
    {
        var ids = new RequestIds();
        Enumerable.Range(0, 100_000).Select(_ => ids.Next().RequestId).Distinct().Count().ShouldBe(100_000);
    }
}
