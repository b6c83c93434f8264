using Microsoft.Extensions.Time.Testing;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Unit.Kinesis;

public sealed class ShardRatesTests
{
    private const int MaxBytes = 10 << 20;

    [Fact]
    public async Task The_debt_of_a_shard_outlasts_any_number_of_others()
    {
        var time = new FakeTimeProvider();
        await using var bed = new CallBed(time);
        var stream = await bed.CreateAsync();
        var rates = new ShardRates(time);
        rates.TryWrite(stream, Shard(0), MaxBytes).ShouldBeTrue();
        rates.TryRead(stream, Shard(0)).ShouldBeTrue();
        rates.HasRead(stream, Shard(0), MaxBytes);
        for (var number = 1; number <= 2 * ShardRates.ShardsMax; number++)
        {
            rates.TryWrite(stream, Shard(number), 1).ShouldBeTrue();
            if (number % 1000 == 0) rates.TryWrite(stream, Shard(0), 1).ShouldBeFalse();
        }

        rates.TryRead(stream, Shard(0)).ShouldBeFalse();
    }

    [Fact]
    public async Task Shards_that_rest_are_forgotten()
    {
        var time = new FakeTimeProvider();
        await using var bed = new CallBed(time);
        var stream = await bed.CreateAsync();
        var rates = new ShardRates(time);
        for (var number = 0; number < 5 * ShardRates.ShardsMax; number++)
        {
            if (number % 1000 == 0) time.Advance(TimeSpan.FromSeconds(1));
            rates.TryWrite(stream, Shard(number), 1).ShouldBeTrue();
            rates.Count.ShouldBeLessThanOrEqualTo(ShardRates.ShardsMax);
        }
    }

    private static Shard Shard(int number) => new(number, HashRange.Whole, null, null, 0, 0, null);
}
