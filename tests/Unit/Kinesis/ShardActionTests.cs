using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Sluice.Log;

namespace Sluice.Unit.Kinesis;

public sealed class ShardActionTests
{
    [Fact]
    public async Task A_split_closes_the_parent_and_opens_two_children_whose_numbers_are_above_its()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        var before = Number(await bed.PutAsync("a"));
        await bed.CallAsync("SplitShard", new { StreamName = "s", ShardToSplit = KinesisBed.FirstShard, NewStartingHashKey = "170141183460469231731687303715884105728" });
        var shards = await ShardsAsync(bed, new { StreamName = "s" });
        shards.Select(Id).ShouldBe(["shardId-000000000000", "shardId-000000000001", "shardId-000000000002"]);
        shards[1].GetProperty("ParentShardId").GetString().ShouldBe(KinesisBed.FirstShard);
        var ending = BigInteger.Parse(shards[0].GetProperty("SequenceNumberRange").GetProperty("EndingSequenceNumber").GetString()!, CultureInfo.InvariantCulture);
        ending.ShouldBeGreaterThan(before);
        var after = await bed.PutAsync("b");
        Number(after).ShouldBeGreaterThan(ending);
        after.GetProperty("ShardId").GetString().ShouldNotBe(KinesisBed.FirstShard);
        await bed.RestartAsync();
        (await ShardsAsync(bed, new { StreamName = "s" })).Select(s => s.ToString()).ShouldBe(shards.Select(s => s.ToString()));
    }

    [Fact]
    public async Task A_merge_joins_two_neighbours_and_no_others()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 3);
        (await bed.RefusedAsync("MergeShards", new { StreamName = "s", ShardToMerge = "shardId-000000000000", AdjacentShardToMerge = "shardId-000000000002" })).Message
            .ShouldBe("Shards shardId-000000000000 and shardId-000000000002 in stream s under account 000000000000 are not an adjacent pair of shards eligible for merging");
        await bed.CallAsync("MergeShards", new { StreamName = "s", ShardToMerge = "shardId-000000000001", AdjacentShardToMerge = "shardId-000000000000" });
        var merged = (await ShardsAsync(bed, new { StreamName = "s" }))[3];
        merged.GetProperty("ParentShardId").GetString().ShouldBe("shardId-000000000001");
        merged.GetProperty("AdjacentParentShardId").GetString().ShouldBe("shardId-000000000000");
        merged.GetProperty("HashKeyRange").GetProperty("StartingHashKey").GetString().ShouldBe("0");
        (await bed.RefusedAsync("MergeShards", new { StreamName = "s", ShardToMerge = "shardId-000000000001", AdjacentShardToMerge = "shardId-000000000002" })).Message
            .ShouldBe("Shard shardId-000000000001 in stream s under account 000000000000 has already been merged or split, and thus is not eligible for merging or splitting.");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("340282366920938463463374607431768211455")]
    [InlineData("999999999999999999999999999999999999999")]
    public async Task A_split_outside_the_shard_is_refused(string hashKey)
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        (await bed.RefusedAsync("SplitShard", new { StreamName = "s", ShardToSplit = KinesisBed.FirstShard, NewStartingHashKey = hashKey })).Message.ShouldBe(
            $"NewStartingHashKey {hashKey} used in SplitShard() on shard shardId-000000000000 in stream s under account 000000000000 is not both greater than "
            + "one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey 340282366920938463463374607431768211455.");
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(4, 2)]
    [InlineData(3, 5)]
    [InlineData(5, 3)]
    [InlineData(4, 4)]
    public async Task Scaling_ends_with_equal_ranges_and_keeps_every_record(int from, int to)
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: from);
        for (var i = 0; i < 20; i++) await bed.PutAsync($"{i}", $"{i}");
        var answer = await bed.CallAsync("UpdateShardCount", new { StreamName = "s", TargetShardCount = to, ScalingType = "UNIFORM_SCALING" });
        (answer.GetProperty("CurrentShardCount").GetInt32(), answer.GetProperty("TargetShardCount").GetInt32()).ShouldBe((from, to));
        bed.Log.FindStream("s")!.OpenShards.Select(s => s.Range).ShouldBe(HashRange.Divide(to));
        var texts = new List<string>();
        foreach (var shard in await ShardsAsync(bed, new { StreamName = "s" })) texts.AddRange(await bed.TextsAsync(await bed.IteratorAsync(shard: Id(shard))));
        texts.Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 20).Select(i => $"{i}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Scaling_beyond_the_double_or_below_the_half_is_refused()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 3);
        (await bed.RefusedAsync("UpdateShardCount", new { StreamName = "s", TargetShardCount = 7, ScalingType = "UNIFORM_SCALING" })).Message
            .ShouldBe("UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 3 Target shard count: 7");
        (await bed.RefusedAsync("UpdateShardCount", new { StreamName = "s", TargetShardCount = 1, ScalingType = "UNIFORM_SCALING" })).Message
            .ShouldBe("UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: 3 Target shard count: 1");
    }

    [Fact]
    public async Task Shards_are_listed_by_filter()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 2);
        var createdAt = bed.NowMs / 1000.0;
        bed.Time.Advance(TimeSpan.FromHours(1));
        await bed.CallAsync("SplitShard", new { StreamName = "s", ShardToSplit = KinesisBed.FirstShard, NewStartingHashKey = "99" });
        bed.Time.Advance(TimeSpan.FromHours(1));
        async Task<string> IdsAsync(object filter) =>
            string.Concat((await ShardsAsync(bed, new { StreamName = "s", ShardFilter = filter })).Select(s => Id(s)[^1]));
        (await IdsAsync(new { Type = "AT_LATEST" })).ShouldBe("123");
        (await IdsAsync(new { Type = "AT_TRIM_HORIZON" })).ShouldBe("01");
        (await IdsAsync(new { Type = "FROM_TRIM_HORIZON" })).ShouldBe("0123");
        (await IdsAsync(new { Type = "AFTER_SHARD_ID", ShardId = "shardId-000000000001" })).ShouldBe("23");
        (await IdsAsync(new { Type = "AT_TIMESTAMP", Timestamp = createdAt + 1800 })).ShouldBe("01");
        (await IdsAsync(new { Type = "AT_TIMESTAMP", Timestamp = createdAt + 5400 })).ShouldBe("123");
        (await IdsAsync(new { Type = "FROM_TIMESTAMP", Timestamp = createdAt + 1800 })).ShouldBe("0123");
        (await IdsAsync(new { Type = "FROM_TIMESTAMP", Timestamp = createdAt + 5400 })).ShouldBe("123");
        (await bed.RefusedAsync("ListShards", new { StreamName = "s", ShardFilter = new { Type = "NEVER" } })).Type.ShouldBe("ValidationException");
        (await bed.RefusedAsync("ListShards", new { StreamName = "s", ShardFilter = new { Type = "AT_TIMESTAMP" } })).Type.ShouldBe("InvalidArgumentException");
        bed.Time.Advance(TimeSpan.FromHours(24));
        (await ShardsAsync(bed, new { StreamName = "s" })).Select(Id).ShouldNotContain(KinesisBed.FirstShard, "its records are past their retention");
    }

    [Fact]
    public async Task Shards_are_listed_page_by_page_with_a_token_that_expires()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 5);
        var first = await bed.CallAsync("ListShards", new { StreamName = "s", MaxResults = 2 });
        var token = first.GetProperty("NextToken").GetString();
        var second = await bed.CallAsync("ListShards", new { NextToken = token, MaxResults = 2 });
        second.GetProperty("Shards").EnumerateArray().Select(Id).ShouldBe(["shardId-000000000002", "shardId-000000000003"]);
        var third = await bed.CallAsync("ListShards", new { NextToken = second.GetProperty("NextToken").GetString() });
        third.GetProperty("Shards").EnumerateArray().Select(Id).ShouldBe(["shardId-000000000004"]);
        third.TryGetProperty("NextToken", out _).ShouldBeFalse();
        (await bed.RefusedAsync("ListShards", new { NextToken = token, StreamName = "s" })).Message.ShouldBe("NextToken and StreamName cannot be provided together.");
        (await bed.RefusedAsync("ListShards", new { })).Type.ShouldBe("InvalidArgumentException");
        bed.Time.Advance(TimeSpan.FromSeconds(301));
        (await bed.RefusedAsync("ListShards", new { NextToken = token })).Type.ShouldBe("ExpiredNextTokenException");
    }

    [Fact]
    public async Task Puts_during_reshards_never_fail_and_keep_the_order_of_their_key()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        using var done = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(w => WriteAsync($"key{w}")).ToArray();
        var random = new Random(seed);
        for (var i = 0; i < 12; i++)
        {
            var open = bed.Log.FindStream("s")!.OpenShards;
            var at = random.Next(open.Count);
            if (i % 3 == 2)
            {
                await bed.CallAsync("MergeShards", new { StreamName = "s", ShardToMerge = open[0].Id, AdjacentShardToMerge = open[1].Id });
            }
            else
            {
                var middle = open[at].Range.First + (open[at].Range.Last - open[at].Range.First) / 2;
                await bed.CallAsync("SplitShard", new { StreamName = "s", ShardToSplit = open[at].Id, NewStartingHashKey = middle.ToString(CultureInfo.InvariantCulture) });
            }
        }

        await done.CancelAsync();
        var written = await Task.WhenAll(writers);
        var read = new List<(BigInteger Number, string Text)>();
        foreach (var shard in await ShardsAsync(bed, new { StreamName = "s" }))
        {
            var records = (await bed.CallAsync("GetRecords", new { ShardIterator = await bed.IteratorAsync(shard: Id(shard)) })).GetProperty("Records");
            read.AddRange(records.EnumerateArray().Select(r => (Number(r), System.Text.Encoding.UTF8.GetString(r.GetProperty("Data").GetBytesFromBase64()))));
        }

        read.Sort();
        for (var w = 0; w < writers.Length; w++)
        {
            written[w].ShouldBeGreaterThan(0);
            read.Where(r => r.Text.StartsWith($"key{w}:", StringComparison.Ordinal)).Select(r => r.Text).ShouldBe(Enumerable.Range(0, written[w]).Select(n => $"key{w}:{n}"));
        }

        async Task<int> WriteAsync(string key)
        {
            var count = 0;
            for (; !done.IsCancellationRequested; count++) await bed.PutAsync($"{key}:{count}", key);
            return count;
        }
    }

    private static string Id(JsonElement shard) => shard.GetProperty("ShardId").GetString()!;

    private static BigInteger Number(JsonElement put) => BigInteger.Parse(put.GetProperty("SequenceNumber").GetString()!, CultureInfo.InvariantCulture);

    private static async Task<JsonElement[]> ShardsAsync(KinesisBed bed, object request) =>
        [.. (await bed.CallAsync("ListShards", request)).GetProperty("Shards").EnumerateArray()];
}
