using System.Text.Json;
using Sluice.Log;

namespace Sluice.Unit.Kinesis;

public sealed class ReadTests
{
    [Fact]
    public async Task The_five_iterator_types_begin_where_they_say()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        await bed.PutAsync("a");
        bed.Time.Advance(TimeSpan.FromSeconds(10));
        var number = (await bed.PutAsync("b")).GetProperty("SequenceNumber").GetString();
        var between = bed.NowMs / 1000.0;
        bed.Time.Advance(TimeSpan.FromSeconds(10));
        await bed.PutAsync("c");
        (await bed.TextsAsync(await bed.IteratorAsync("TRIM_HORIZON"))).ShouldBe(["a", "b", "c"]);
        (await bed.TextsAsync(await bed.IteratorAsync("AT_SEQUENCE_NUMBER", number: number))).ShouldBe(["b", "c"]);
        (await bed.TextsAsync(await bed.IteratorAsync("AFTER_SEQUENCE_NUMBER", number: number))).ShouldBe(["c"]);
        (await bed.TextsAsync(await bed.IteratorAsync("AT_TIMESTAMP", timestamp: between))).ShouldBe(["b", "c"]);
        (await bed.TextsAsync(await bed.IteratorAsync("AT_TIMESTAMP", timestamp: between + 0.001))).ShouldBe(["c"]);
        var latest = await bed.IteratorAsync("LATEST");
        (await bed.TextsAsync(latest)).ShouldBeEmpty();
        await bed.PutAsync("d");
        (await bed.TextsAsync(latest)).ShouldBe(["d"]);
    }

    [Fact]
    public async Task Following_the_next_iterator_reads_everything_once_and_never_ends_while_the_shard_is_open()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        var records = Enumerable.Range(0, 100).Select(i => new { Data = KinesisBed.Base64($"{i}"), PartitionKey = "k" }).ToArray();
        await bed.CallAsync("PutRecords", new { StreamName = "s", Records = records });
        bed.Time.Advance(TimeSpan.FromSeconds(4));
        var iterator = await bed.IteratorAsync();
        var seen = new List<string>();
        var iterators = new HashSet<string>();
        for (var i = 0; i < 20; i++)
        {
            var answer = await bed.CallAsync("GetRecords", new { ShardIterator = iterator, Limit = 7 });
            seen.AddRange(KinesisBed.Texts(answer));
            answer.GetProperty("MillisBehindLatest").GetInt64().ShouldBe(seen.Count < 100 ? 4000 + 250 * i : 0);
            iterator = answer.GetProperty("NextShardIterator").GetString()!;
            iterators.Add(iterator).ShouldBeTrue();
            bed.Time.Advance(TimeSpan.FromMilliseconds(250));
        }

        seen.ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}"));
    }

    [Fact]
    public async Task An_iterator_lives_through_a_restart_and_for_five_minutes()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        await bed.PutAsync("a");
        var iterator = await bed.IteratorAsync();
        await bed.RestartAsync();
        bed.Time.Advance(TimeSpan.FromSeconds(300));
        (await bed.TextsAsync(iterator)).ShouldBe(["a"]);
        bed.Time.Advance(TimeSpan.FromMilliseconds(1));
        var refused = await bed.RefusedAsync("GetRecords", new { ShardIterator = iterator });
        refused.Type.ShouldBe("ExpiredIteratorException");
        refused.Message.ShouldStartWith("Iterator expired. The iterator was created at time ");
    }

    [Fact]
    public async Task An_iterator_that_was_tampered_with_or_belongs_to_a_stream_of_old_is_refused()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        var iterator = await bed.IteratorAsync();
        var tampered = (iterator[0] == 'B' ? 'C' : 'B') + iterator[1..];
        (await bed.RefusedAsync("GetRecords", new { ShardIterator = tampered })).ShouldBe(new Refusal(400, "InvalidArgumentException", "Invalid ShardIterator."));
        (await bed.RefusedAsync("GetRecords", new { ShardIterator = "x" })).ShouldBe(new Refusal(400, "InvalidArgumentException", "Invalid ShardIterator."));
        (await bed.RefusedAsync("GetRecords", new { })).Message.ShouldBe("1 validation error detected: Value null at 'shardIterator' failed to satisfy constraint: Member must not be null");
        (await bed.RefusedAsync("GetRecords", new { ShardIterator = iterator, Limit = 10_001 }))
            .Message.ShouldBe("1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000");
        await bed.CallAsync("DeleteStream", new { StreamName = "s" });
        await bed.CreateAsync();
        (await bed.RefusedAsync("GetRecords", new { ShardIterator = iterator })).Type.ShouldBe("ResourceNotFoundException");
    }

    [Fact]
    public async Task A_place_that_is_not_of_the_shard_is_refused()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 2);
        var number = (await bed.PutAsync("a", hashKey: "0")).GetProperty("SequenceNumber").GetString();
        var request = new { StreamName = "s", ShardId = "shardId-000000000001", ShardIteratorType = "AT_SEQUENCE_NUMBER", StartingSequenceNumber = number };
        (await bed.RefusedAsync("GetShardIterator", request)).ShouldBe(new Refusal(
            400, "InvalidArgumentException",
            $"StartingSequenceNumber {number} used in GetShardIterator on shard shardId-000000000001 in stream s under account 000000000000 is invalid because it did not come from this stream."));
        (await bed.RefusedAsync("GetShardIterator", new { StreamName = "s", ShardId = "shardId-000000000009", ShardIteratorType = "LATEST" }))
            .ShouldBe(new Refusal(400, "ResourceNotFoundException", "Could not find shard shardId-000000000009 in stream s under account 000000000000."));
        (await bed.RefusedAsync("GetShardIterator", new { StreamName = "s", ShardId = "shardId-000000000000", ShardIteratorType = "NOW" })).Message
            .ShouldBe("1 validation error detected: Value 'NOW' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]");
        (await bed.RefusedAsync("GetShardIterator", new { StreamName = "s", ShardId = "shardId-000000000000", ShardIteratorType = "AT_TIMESTAMP", Timestamp = bed.NowMs / 1000 + 60 }))
            .Type.ShouldBe("InvalidArgumentException");
    }

    [Fact]
    public async Task The_end_of_a_closed_shard_names_its_children()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        await bed.PutAsync("a");
        var iterator = await bed.IteratorAsync();
        await bed.CallAsync("SplitShard", new { StreamName = "s", ShardToSplit = KinesisBed.FirstShard, NewStartingHashKey = "1000" });
        var answer = await bed.CallAsync("GetRecords", new { ShardIterator = iterator });
        KinesisBed.Texts(answer).ShouldBe(["a"]);
        answer.GetProperty("NextShardIterator").ValueKind.ShouldBe(JsonValueKind.Null);
        var children = answer.GetProperty("ChildShards").EnumerateArray().ToArray();
        children.Select(c => c.GetProperty("ShardId").GetString()).ShouldBe(["shardId-000000000001", "shardId-000000000002"]);
        children[0].GetProperty("ParentShards").EnumerateArray().Select(p => p.GetString()).ShouldBe([KinesisBed.FirstShard]);
        children[0].GetProperty("HashKeyRange").GetProperty("EndingHashKey").GetString().ShouldBe("999");
        (await bed.CallAsync("GetRecords", new { ShardIterator = await bed.IteratorAsync(shard: "shardId-000000000001") }))
            .GetProperty("NextShardIterator").ValueKind.ShouldBe(JsonValueKind.String);
    }
}
