using System.Text.Json;
using Sluice.Kinesis;

namespace Sluice.Unit.Kinesis.Control;

public sealed class ControlActionTests
{
    private const string Arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";

    [Fact]
    public async Task Everything_a_stream_was_told_is_there_after_a_restart()
    {
        await using var bed = await BedAsync();
        await bed.CallAsync("AddTagsToStream", new { StreamName = "s", Tags = new { a = "1" } });
        await bed.CallAsync("StartStreamEncryption", new { StreamName = "s", EncryptionType = "KMS", KeyId = "alias/mine" });
        await bed.CallAsync("EnableEnhancedMonitoring", new { StreamName = "s", ShardLevelMetrics = new[] { "OutgoingBytes", "IncomingBytes" } });
        await bed.CallAsync("UpdateMaxRecordSize", new { StreamARN = Arn, MaxRecordSizeInKiB = 4096 });
        await bed.CallAsync("PutResourcePolicy", new { ResourceARN = Arn, Policy = """{"Statement":[]}""" });
        await bed.CallAsync("UpdateStreamMode", new { StreamARN = Arn, StreamModeDetails = new { StreamMode = "ON_DEMAND" }, WarmThroughputMiBps = 3 });
        await bed.CallAsync("RegisterStreamConsumer", new { StreamARN = Arn, ConsumerName = "c", Tags = new { t = "2" } });
        await bed.CallAsync("UpdateAccountSettings", new { MinimumThroughputBillingCommitment = new { Status = "ENABLED" } });
        await bed.RestartAsync();
        var summary = (await bed.CallAsync("DescribeStreamSummary", new { StreamName = "s" })).GetProperty("StreamDescriptionSummary");
        summary.GetProperty("KeyId").GetString().ShouldBe("alias/mine");
        summary.GetProperty("EnhancedMonitoring")[0].GetProperty("ShardLevelMetrics").EnumerateArray().Select(m => m.GetString())
            .ShouldBe(["IncomingBytes", "OutgoingBytes"]);
        summary.GetProperty("MaxRecordSizeInKiB").GetInt32().ShouldBe(4096);
        summary.GetProperty("StreamModeDetails").GetProperty("StreamMode").GetString().ShouldBe("ON_DEMAND");
        summary.GetProperty("WarmThroughput").GetProperty("TargetMiBps").GetInt32().ShouldBe(3);
        summary.GetProperty("ConsumerCount").GetInt32().ShouldBe(1);
        (await bed.CallAsync("ListTagsForResource", new { ResourceARN = Arn })).GetProperty("Tags")[0].GetProperty("Key").GetString().ShouldBe("a");
        (await bed.CallAsync("GetResourcePolicy", new { ResourceARN = Arn })).GetProperty("Policy").GetString().ShouldBe("""{"Statement":[]}""");
        (await CommitmentAsync(bed, "DescribeAccountSettings")).GetProperty("Status").GetString().ShouldBe("ENABLED");
    }

    [Fact]
    public async Task A_consumer_has_tags_and_a_policy_of_its_own()
    {
        await using var bed = await BedAsync();
        var consumer = await RegisterAsync(bed, "c");
        await bed.CallAsync("TagResource", new { ResourceARN = consumer, Tags = new { x = "y" } });
        await bed.CallAsync("PutResourcePolicy", new { ResourceARN = consumer, Policy = """{"Statement":[]}""" });
        (await bed.CallAsync("ListTagsForResource", new { ResourceARN = consumer })).GetProperty("Tags").GetArrayLength().ShouldBe(1);
        (await bed.CallAsync("ListTagsForStream", new { StreamName = "s" })).GetProperty("Tags").GetArrayLength().ShouldBe(0);
        (await bed.CallAsync("GetResourcePolicy", new { ResourceARN = Arn })).GetProperty("Policy").GetString().ShouldBe("{}");
        await bed.CallAsync("UntagResource", new { ResourceARN = consumer, TagKeys = new[] { "x", "absent" } });
        (await bed.CallAsync("ListTagsForResource", new { ResourceARN = consumer })).GetProperty("Tags").GetArrayLength().ShouldBe(0);
        (await bed.RefusedAsync("ListTagsForResource", new { ResourceARN = consumer + "9" })).Type.ShouldBe("ResourceNotFoundException");
    }

    [Fact]
    public async Task A_stream_has_fifty_tags_at_the_most()
    {
        await using var bed = await BedAsync();
        var tags = Enumerable.Range(0, 50).ToDictionary(i => $"k{i:00}", _ => "v");
        await bed.CallAsync("AddTagsToStream", new { StreamName = "s", Tags = tags });
        await bed.CallAsync("AddTagsToStream", new { StreamName = "s", Tags = new { k07 = "other" } });
        (await bed.RefusedAsync("AddTagsToStream", new { StreamName = "s", Tags = new { one = "more" } })).Type.ShouldBe("InvalidArgumentException");
        (await bed.RefusedAsync("TagResource", new { ResourceARN = Arn, Tags = new { one = "more" } })).Type.ShouldBe("InvalidArgumentException");
        var page = await bed.CallAsync("ListTagsForStream", new { StreamName = "s", Limit = 8 });
        page.GetProperty("HasMoreTags").GetBoolean().ShouldBeTrue();
        page.GetProperty("Tags")[7].GetProperty("Value").GetString().ShouldBe("other");
    }

    [Fact]
    public async Task A_stream_has_twenty_consumers_at_the_most_listed_in_pages()
    {
        await using var bed = await BedAsync();
        for (var i = 0; i < 20; i++) await RegisterAsync(bed, $"c{i:00}");
        (await bed.RefusedAsync("RegisterStreamConsumer", new { StreamARN = Arn, ConsumerName = "one-more" })).Type.ShouldBe("LimitExceededException");
        var first = await bed.CallAsync("ListStreamConsumers", new { StreamARN = Arn, MaxResults = 15 });
        var token = first.GetProperty("NextToken").GetString();
        var second = await bed.CallAsync("ListStreamConsumers", new { StreamARN = Arn, NextToken = token });
        first.GetProperty("Consumers").EnumerateArray().Concat(second.GetProperty("Consumers").EnumerateArray())
            .Select(c => c.GetProperty("ConsumerName").GetString()).ShouldBe(Enumerable.Range(0, 20).Select(i => $"c{i:00}"));
        second.TryGetProperty("NextToken", out _).ShouldBeFalse();
        bed.Time.Advance(TimeSpan.FromSeconds(301));
        (await bed.RefusedAsync("ListStreamConsumers", new { StreamARN = Arn, NextToken = token })).Type.ShouldBe("ExpiredNextTokenException");
    }

    [Fact]
    public async Task A_state_delay_is_seen_and_keeps_others_out()
    {
        await using var bed = await BedAsync(new KinesisOptions { StateDelay = TimeSpan.FromSeconds(10) });
        bed.Time.Advance(TimeSpan.FromSeconds(11));
        await bed.CallAsync("StartStreamEncryption", new { StreamName = "s", EncryptionType = "KMS", KeyId = "alias/mine" });
        (await bed.RefusedAsync("UpdateMaxRecordSize", new { StreamARN = Arn, MaxRecordSizeInKiB = 2048 })).Type.ShouldBe("ResourceInUseException");
        bed.Time.Advance(TimeSpan.FromSeconds(11));
        await bed.CallAsync("UpdateMaxRecordSize", new { StreamARN = Arn, MaxRecordSizeInKiB = 2048 });
        var consumer = await RegisterAsync(bed, "c");
        (await ConsumerStatusAsync(bed, consumer)).ShouldBe("CREATING");
        bed.Time.Advance(TimeSpan.FromSeconds(11));
        (await ConsumerStatusAsync(bed, consumer)).ShouldBe("ACTIVE");
    }

    [Fact]
    public async Task A_billing_commitment_ends_a_day_after_it_began_at_the_earliest()
    {
        await using var bed = await BedAsync();
        (await CommitmentAsync(bed, "DescribeAccountSettings")).GetProperty("Status").GetString().ShouldBe("DISABLED");
        await CommitAsync(bed, "ENABLED");
        (await CommitAsync(bed, "DISABLED")).GetProperty("Status").GetString().ShouldBe("ENABLED_UNTIL_EARLIEST_ALLOWED_END");
        bed.Time.Advance(TimeSpan.FromHours(24));
        (await CommitmentAsync(bed, "DescribeAccountSettings")).GetProperty("Status").GetString().ShouldBe("DISABLED");
    }

    [Fact]
    public async Task Limits_count_shards_and_streams_on_demand()
    {
        await using var bed = await BedAsync();
        await bed.CallAsync("CreateStream", new { StreamName = "d", StreamModeDetails = new { StreamMode = "ON_DEMAND" } });
        var limits = await bed.CallAsync("DescribeLimits", new { });
        limits.GetProperty("OpenShardCount").GetInt32().ShouldBe(1);
        limits.GetProperty("OnDemandStreamCount").GetInt32().ShouldBe(1);
    }

    private static async Task<KinesisBed> BedAsync(KinesisOptions? options = null)
    {
        var bed = await KinesisBed.StartAsync(options);
        await bed.CreateAsync();
        return bed;
    }

    private static async Task<string> RegisterAsync(KinesisBed bed, string name) =>
        (await bed.CallAsync("RegisterStreamConsumer", new { StreamARN = Arn, ConsumerName = name })).GetProperty("Consumer").GetProperty("ConsumerARN").GetString()!;

    private static async Task<string> ConsumerStatusAsync(KinesisBed bed, string arn) =>
        (await bed.CallAsync("DescribeStreamConsumer", new { ConsumerARN = arn })).GetProperty("ConsumerDescription").GetProperty("ConsumerStatus").GetString()!;

    private static Task<JsonElement> CommitAsync(KinesisBed bed, string status) =>
        CommitmentAsync(bed, "UpdateAccountSettings", new { MinimumThroughputBillingCommitment = new { Status = status } });

    private static async Task<JsonElement> CommitmentAsync(KinesisBed bed, string action, object? request = null) =>
        (await bed.CallAsync(action, request ?? new { })).GetProperty("MinimumThroughputBillingCommitment");
}
