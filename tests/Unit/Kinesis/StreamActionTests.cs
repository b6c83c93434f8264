using System.Text.Json;
using Sluice.Kinesis;
using Sluice.Log;

namespace Sluice.Unit.Kinesis;

public sealed class StreamActionTests
{
    [Fact]
    public async Task A_stream_is_described_as_it_was_created_also_after_a_restart()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CallAsync("CreateStream", new { StreamName = "a.b_c-1", ShardCount = 3, Tags = new { team = "x" }, MaxRecordSizeInKiB = 2048 });
        await bed.RestartAsync();
        var summary = (await bed.CallAsync("DescribeStreamSummary", new { StreamName = "a.b_c-1" })).GetProperty("StreamDescriptionSummary");
        summary.GetProperty("StreamARN").GetString().ShouldBe("arn:aws:kinesis:us-east-1:000000000000:stream/a.b_c-1");
        summary.GetProperty("StreamStatus").GetString().ShouldBe("ACTIVE");
        summary.GetProperty("StreamModeDetails").GetProperty("StreamMode").GetString().ShouldBe("PROVISIONED");
        summary.GetProperty("RetentionPeriodHours").GetInt32().ShouldBe(24);
        summary.GetProperty("OpenShardCount").GetInt32().ShouldBe(3);
        summary.GetProperty("MaxRecordSizeInKiB").GetInt32().ShouldBe(2048);
        summary.GetProperty("EncryptionType").GetString().ShouldBe("NONE");
        summary.GetProperty("StreamCreationTimestamp").GetDouble().ShouldBe(bed.NowMs / 1000.0, 0.0001);
        bed.Log.FindStream("a.b_c-1")!.Attributes.Tags["team"].ShouldBe("x");

        var described = (await bed.CallAsync("DescribeStream", new { StreamName = "a.b_c-1", Limit = 2 })).GetProperty("StreamDescription");
        described.GetProperty("HasMoreShards").GetBoolean().ShouldBeTrue();
        var shards = described.GetProperty("Shards").EnumerateArray().ToArray();
        shards.Length.ShouldBe(2);
        shards[0].GetProperty("HashKeyRange").GetProperty("EndingHashKey").GetString().ShouldBe("113427455640312821154458202477256070484");
        shards[1].GetProperty("HashKeyRange").GetProperty("EndingHashKey").GetString().ShouldBe("226854911280625642308916404954512140969");
        shards[0].GetProperty("SequenceNumberRange").TryGetProperty("EndingSequenceNumber", out _).ShouldBeFalse();
        var rest = (await bed.CallAsync("DescribeStream", new { StreamName = "a.b_c-1", ExclusiveStartShardId = "shardId-000000000001" })).GetProperty("StreamDescription");
        rest.GetProperty("Shards").EnumerateArray().Single().GetProperty("HashKeyRange").GetProperty("EndingHashKey").GetString().ShouldBe("340282366920938463463374607431768211455");
        rest.GetProperty("HasMoreShards").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("{}", "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: Member must not be null")]
    [InlineData("""{"StreamName":"s"}""", "1 validation error detected: Value null at 'shardCount' failed to satisfy constraint: Member must not be null")]
    [InlineData("""{"StreamName":"","ShardCount":0}""", "3 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal to 1")]
    [InlineData("""{"StreamName":"s","StreamModeDetails":{"StreamMode":"x"}}""", "1 validation error detected: Value 'x' at 'streamModeDetails.streamMode' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]")]
    public async Task A_stream_that_breaks_a_constraint_is_not_created(string request, string message)
    {
        await using var bed = await KinesisBed.StartAsync();
        (await bed.RefusedTextAsync("CreateStream", request)).ShouldBe(new Refusal(400, "ValidationException", message));
        bed.Log.ListStreams().ShouldBeEmpty();
    }

    [Fact]
    public async Task An_on_demand_stream_has_four_shards_and_lets_nobody_count_them()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CallAsync("CreateStream", new { StreamName = "s", StreamModeDetails = new { StreamMode = "ON_DEMAND" } });
        bed.Log.FindStream("s")!.OpenShards.Count.ShouldBe(4);
        (await bed.RefusedAsync("UpdateShardCount", new { StreamName = "s", TargetShardCount = 2, ScalingType = "UNIFORM_SCALING" })).Type.ShouldBe("ValidationException");
        (await bed.RefusedAsync("CreateStream", new { StreamName = "s", ShardCount = 1 }))
            .ShouldBe(new Refusal(400, "ResourceInUseException", "Stream s under account 000000000000 already exists."));
    }

    [Fact]
    public async Task Streams_are_listed_page_by_page_in_order_of_their_names()
    {
        await using var bed = await KinesisBed.StartAsync();
        foreach (var name in (string[])["c", "a", "B", "d"]) await bed.CreateAsync(name);
        var first = await bed.CallAsync("ListStreams", new { Limit = 3 });
        first.GetProperty("StreamNames").EnumerateArray().Select(n => n.GetString()).ShouldBe(["B", "a", "c"]);
        first.GetProperty("HasMoreStreams").GetBoolean().ShouldBeTrue();
        var token = first.GetProperty("NextToken").GetString();
        (await bed.CallAsync("ListStreams", new { NextToken = token })).GetProperty("StreamSummaries")[0].GetProperty("StreamName").GetString().ShouldBe("d");
        (await bed.CallAsync("ListStreams", new { ExclusiveStartStreamName = "a" })).GetProperty("StreamNames").GetArrayLength().ShouldBe(2);
        bed.Time.Advance(TimeSpan.FromSeconds(301));
        (await bed.RefusedAsync("ListStreams", new { NextToken = token })).Type.ShouldBe("ExpiredNextTokenException");
        (await bed.RefusedAsync("ListStreams", new { NextToken = "nonsense" })).Type.ShouldBe("InvalidArgumentException");
    }

    [Fact]
    public async Task Statuses_last_as_long_as_the_delay_says()
    {
        var options = new KinesisOptions { StateDelay = TimeSpan.FromSeconds(1) };
        await using var bed = await KinesisBed.StartAsync(options);
        await bed.CreateAsync();
        async Task<string> StatusAsync() =>
            (await bed.CallAsync("DescribeStreamSummary", new { StreamName = "s" })).GetProperty("StreamDescriptionSummary").GetProperty("StreamStatus").GetString()!;
        (await StatusAsync()).ShouldBe("CREATING");
        (await bed.RefusedAsync("PutRecord", new { StreamName = "s", Data = "", PartitionKey = "k" })).Type.ShouldBe("ResourceNotFoundException");
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        (await StatusAsync()).ShouldBe("ACTIVE");
        await bed.CallAsync("SplitShard", new { StreamName = "s", ShardToSplit = KinesisBed.FirstShard, NewStartingHashKey = "99" });
        (await StatusAsync()).ShouldBe("UPDATING");
        await bed.PutAsync("x");
        (await bed.RefusedAsync("MergeShards", new { StreamName = "s", ShardToMerge = "shardId-000000000001", AdjacentShardToMerge = "shardId-000000000002" }))
            .ShouldBe(new Refusal(400, "ResourceInUseException", "Stream s under account 000000000000 not ACTIVE, instead in state UPDATING"));
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        await bed.CallAsync("DeleteStream", new { StreamName = "s" });
        (await StatusAsync()).ShouldBe("DELETING");
        await bed.RestartAsync(options);
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        (await bed.RefusedAsync("DescribeStreamSummary", new { StreamName = "s" })).Type.ShouldBe("ResourceNotFoundException");
        (await bed.CallAsync("ListStreams", new { })).GetProperty("StreamNames").GetArrayLength().ShouldBe(0);
        await bed.CreateAsync();
    }

    [Fact]
    public async Task A_stream_whose_deletion_is_over_leaves_the_log()
    {
        await using var bed = await KinesisBed.StartAsync(new KinesisOptions { StateDelay = TimeSpan.FromSeconds(1) });
        foreach (var name in (string[])["s", "t"]) await bed.CreateAsync(name);
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        await bed.CallAsync("DeleteStream", new { StreamName = "s" });
        await bed.Log.MaintainAsync();
        bed.Log.FindStream("s").ShouldNotBeNull();
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        await bed.Log.MaintainAsync();
        (await bed.Log.ListTopicsAsync(default)).Select(topic => topic.Name).ShouldBe(["t"]);
        await bed.RestartAsync();
        (await bed.Log.ListTopicsAsync(default)).Select(topic => topic.Name).ShouldBe(["t"]);
    }

    [Theory]
    [InlineData("CreateStream", "ResourceInUseException")]
    [InlineData("DeleteStream", null)]
    public async Task A_stream_that_another_makes_anew_meanwhile_stays(string action, string? refusal)
    {
        var clock = new InterruptingClock();
        await using var bed = new CallBed(clock);
        // A deletion that is over lets the name be taken; one that is not lets the stream be deleted again.
        var until = action == "CreateStream" ? 1 : long.MaxValue;
        var old = await bed.Log.CreateStreamAsync(
            new StreamSpec("s", 1, new StreamAttributes { Status = StreamStatus.Deleting, StatusUntilMs = until }), default);
        bed.Call.AddBody(new System.Buffers.ReadOnlySequence<byte>("""{"StreamName":"s","ShardCount":1}"""u8.ToArray()));
        // The stream is looked up before the clock is read.
        clock.Interruption = async () =>
        {
            await bed.Log.DeleteTopicAsync("s", default);
            await bed.CreateAsync();
        };
        var error = await ActionTable.Find(action)!(bed.Call);
        (error?.Type).ShouldBe(refusal);
        clock.Interruption.ShouldBeNull();
        var stream = bed.Log.FindStream("s").ShouldNotBeNull();
        stream.Topic.Id.ShouldNotBe(old.Topic.Id);
        stream.Attributes.Status.ShouldBe(StreamStatus.Active);
    }

    [Fact]
    public async Task Retention_grows_and_shrinks_within_its_bounds_and_takes_effect()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        await bed.CallAsync("IncreaseStreamRetentionPeriod", new { StreamName = "s", RetentionPeriodHours = 48 });
        await bed.PutAsync("old");
        bed.Time.Advance(TimeSpan.FromHours(30));
        await bed.Log.MaintainAsync();
        (await bed.TextsAsync(await bed.IteratorAsync())).ShouldBe(["old"]);
        (await bed.RefusedAsync("IncreaseStreamRetentionPeriod", new { StreamName = "s", RetentionPeriodHours = 47 })).Message
            .ShouldBe("Requested retention period (47 hours) for stream s can not be shorter than existing retention period (48 hours). Use DecreaseRetentionPeriod API.");
        (await bed.RefusedAsync("DecreaseStreamRetentionPeriod", new { StreamName = "s", RetentionPeriodHours = 49 })).Message
            .ShouldBe("Requested retention period (49 hours) for stream s can not be longer than existing retention period (48 hours). Use IncreaseRetentionPeriod API.");
        (await bed.RefusedAsync("IncreaseStreamRetentionPeriod", new { StreamName = "s", RetentionPeriodHours = 8761 })).Message
            .ShouldBe("Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long.");
        await bed.CallAsync("DecreaseStreamRetentionPeriod", new { StreamName = "s", RetentionPeriodHours = 24 });
        await bed.Log.MaintainAsync();
        (await bed.TextsAsync(await bed.IteratorAsync())).ShouldBeEmpty();
        await bed.RestartAsync();
        (await bed.Log.FindTopicAsync("s", default))!.Configs["retention.ms"].ShouldBe("86400000");
    }

    /// <summary>The system's clock; something happens when it is next read.</summary>
    private sealed class InterruptingClock : TimeProvider
    {
        public Func<Task>? Interruption { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            var interruption = Interruption;
            Interruption = null;
            interruption?.Invoke().GetAwaiter().GetResult();
            return base.GetUtcNow();
        }
    }
}
