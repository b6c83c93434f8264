using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sluice.Kinesis;
using Sluice.SigV4;

namespace Sluice.Conformance.Kinesis;

/// <summary>What must be refused, with AWS's own name and status.</summary>
public sealed class BadInputTests
{
    private static readonly string s_large = Convert.ToBase64String(new byte[(1 << 20) + 1]);
    private static readonly string s_manyRecords =
        $$"""{"StreamName":"bad","Records":[{{string.Join(',', Enumerable.Repeat("""{"PartitionKey":"k","Data":""}""", 501))}}]}""";

    /// <summary>Name, action, body, status, error, and a part of the message; @ stands for the stream's ARN.</summary>
    public static TheoryData<string, string?, string, int, string, string> Requests => new()
    {
        { "unknown action", "PutRecordz", "{}", 400, "UnknownOperationException", "" },
        { "no action", null, "{}", 400, "UnknownOperationException", "" },
        { "no JSON", "ListStreams", "{", 400, "SerializationException", "" },
        { "a list for a body", "ListStreams", "[]", 400, "SerializationException", "" },
        { "a number for a name", "DescribeStream", """{"StreamName":7}""", 400, "SerializationException", "can not be converted to a String" },
        { "bad base64", "PutRecord", """{"StreamName":"bad","PartitionKey":"k","Data":"!!!"}""", 400, "SerializationException", "" },
        { "no partition key", "PutRecord", """{"StreamName":"bad","Data":""}""", 400, "ValidationException", "Value null at 'partitionKey'" },
        {
            "a long partition key", "PutRecord", $$"""{"StreamName":"bad","Data":"","PartitionKey":"{{new string('k', 257)}}"}""", 400,
            "ValidationException", "Member must have length less than or equal to 256"
        },
        {
            "an oversized record", "PutRecord", $$"""{"StreamName":"bad","PartitionKey":"k","Data":"{{s_large}}"}""", 400,
            "ValidationException", ""
        },
        { "501 records", "PutRecords", s_manyRecords, 400, "ValidationException", "Member must have length less than or equal to 500" },
        {
            "a hash key out of range", "PutRecord",
            """{"StreamName":"bad","PartitionKey":"k","Data":"","ExplicitHashKey":"340282366920938463463374607431768211456"}""", 400,
            "InvalidArgumentException", "ExplicitHashKey"
        },
        { "no such stream", "PutRecord", """{"StreamName":"none","PartitionKey":"k","Data":""}""", 400, "ResourceNotFoundException", "none" },
        { "no stream at all", "DescribeStream", "{}", 400, "InvalidArgumentException", "StreamName" },
        {
            "an ARN of another account", "DescribeStream", """{"StreamARN":"arn:aws:kinesis:us-east-1:999999999999:stream/bad"}""", 400,
            "ResourceNotFoundException", ""
        },
        { "a bad stream name", "CreateStream", """{"StreamName":"a b","ShardCount":1}""", 400, "ValidationException", "[a-zA-Z0-9_.-]+" },
        { "no shards", "CreateStream", """{"StreamName":"zero","ShardCount":0}""", 400, "ValidationException", "greater than or equal to 1" },
        { "the same stream", "CreateStream", """{"StreamName":"bad","ShardCount":1}""", 400, "ResourceInUseException", "bad" },
        {
            "wrong shard", "GetShardIterator", """{"StreamName":"bad","ShardId":"shardId-000000000007","ShardIteratorType":"LATEST"}""", 400,
            "ResourceNotFoundException", "shardId-000000000007"
        },
        {
            "a wrong type of iterator", "GetShardIterator", """{"StreamName":"bad","ShardId":"shardId-000000000000","ShardIteratorType":"SOON"}""",
            400, "ValidationException", "shardIteratorType"
        },
        { "a made up iterator", "GetRecords", """{"ShardIterator":"AAAA"}""", 400, "InvalidArgumentException", "" },
        { "a limit of 10,001", "GetRecords", """{"ShardIterator":"AAAA","Limit":10001}""", 400, "ValidationException", "limit" },
        {
            "a split outside the shard", "SplitShard",
            """{"StreamName":"bad","ShardToSplit":"shardId-000000000000","NewStartingHashKey":"0"}""", 400, "InvalidArgumentException", ""
        },
        { "a made up token", "ListShards", """{"NextToken":"AAAA"}""", 400, "InvalidArgumentException", "" },
        {
            "too short a retention", "DecreaseStreamRetentionPeriod", """{"StreamName":"bad","RetentionPeriodHours":1}""", 400,
            "InvalidArgumentException", ""
        },
        { "a bad enumeration", "StartStreamEncryption", """{"StreamName":"bad","EncryptionType":"X","KeyId":"k"}""", 400, "ValidationException", "[NONE, KMS]" },
        { "a bad key", "StartStreamEncryption", """{"StreamName":"bad","EncryptionType":"KMS","KeyId":"?"}""", 400, "InvalidArgumentException", "KeyId" },
        { "a tag of AWS", "AddTagsToStream", """{"StreamName":"bad","Tags":{"aws:x":"1"}}""", 400, "InvalidArgumentException", "aws:" },
        { "no tags", "AddTagsToStream", """{"StreamName":"bad","Tags":{}}""", 400, "ValidationException", "'tags'" },
        { "a bad metric", "EnableEnhancedMonitoring", """{"StreamName":"bad","ShardLevelMetrics":["X"]}""", 400, "ValidationException", "IncomingBytes" },
        { "a record size of 11 MiB", "UpdateMaxRecordSize", """{"StreamARN":"@","MaxRecordSizeInKiB":11264}""", 400, "ValidationException", "10240" },
        { "warm throughput of shards", "UpdateStreamWarmThroughput", """{"StreamARN":"@","WarmThroughputMiBps":1}""", 400, "ValidationException", "on-demand" },
        { "a policy that is no JSON", "PutResourcePolicy", """{"ResourceARN":"@","Policy":"{"}""", 400, "InvalidArgumentException", "no JSON" },
        { "no policy to delete", "DeleteResourcePolicy", """{"ResourceARN":"@"}""", 400, "ResourceNotFoundException", "" },
        { "no such consumer", "DescribeStreamConsumer", """{"StreamARN":"@","ConsumerName":"c"}""", 400, "ResourceNotFoundException", "" },
        { "half a consumer", "DescribeStreamConsumer", """{"StreamARN":"@"}""", 400, "InvalidArgumentException", "ConsumerName" },
        {
            "a subscription of nobody", "SubscribeToShard",
            """{"ConsumerARN":"@/consumer/c:1","ShardId":"shardId-000000000000","StartingPosition":{"Type":"LATEST"}}""", 400,
            "ResourceNotFoundException", ""
        },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_bad_request_has_the_error_of_AWS(string name, string? action, string body, int status, string error, string message)
    {
        await using var bed = await BedAsync();
        var answer = await bed.SendAsync(action, Encoding.UTF8.GetBytes(body.Replace("@", Arn, StringComparison.Ordinal)));
        answer.Status.ShouldBe(status, $"{name}: {answer.Body}");
        answer.Error.ShouldBe(error, $"{name}: {answer.Body}");
        answer.Message.ShouldContain(message);
        answer.HasRequestId.ShouldBeTrue();
    }

    [Fact]
    public async Task A_body_beyond_every_limit_is_413()
    {
        await using var bed = await BedAsync();
        var answer = await bed.SendAsync("PutRecords", new byte[(16 << 20) + 1]);
        answer.Status.ShouldBe(413);
    }

    [Fact]
    public async Task Another_content_type_is_404()
    {
        await using var bed = await BedAsync();
        var answer = await bed.SendAsync("ListStreams", "{}"u8.ToArray(), "text/plain");
        answer.Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_iterator_is_good_for_five_minutes()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var bed = await BedAsync(time: time);
        var at = await bed.DoAsync("GetShardIterator", new { StreamName = "bad", ShardId = "shardId-000000000000", ShardIteratorType = "LATEST" });
        var iterator = new { ShardIterator = at.GetProperty("ShardIterator").GetString() };
        time.Advance(TimeSpan.FromSeconds(300));
        await bed.DoAsync("GetRecords", iterator);
        time.Advance(TimeSpan.FromSeconds(1));
        var answer = await bed.SendAsync("GetRecords", JsonSerializer.SerializeToUtf8Bytes(iterator));
        (answer.Status, answer.Error).ShouldBe((400, "ExpiredIteratorException"));
    }

    public static TheoryData<string, string> Signatures => new()
    {
        { "none", "MissingAuthenticationTokenException" },
        { "half", "IncompleteSignatureException" },
        { "another key", "UnrecognizedClientException" },
        { "another secret", "InvalidSignatureException" },
        { "another service", "InvalidSignatureException" },
        { "another region", "InvalidSignatureException" },
        { "another body", "InvalidSignatureException" },
        { "another action", "InvalidSignatureException" },
        { "an hour ago", "InvalidSignatureException" },
    };

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task A_request_that_is_not_signed_well_has_the_error_of_AWS(string how, string error)
    {
        await using var bed = await BedAsync(Tour.Signed);
        var answer = await bed.SendAsync("DeleteStream", """{"StreamName":"bad"}"""u8.ToArray(), change: request => Sign(request, how));
        (answer.Status, answer.Error).ShouldBe((400, error));
        answer.Body.ShouldNotContain(Tour.Credentials.Secret);
        var list = await bed.SendAsync("ListStreams", "{}"u8.ToArray(), change: request => Sign(request, "well", "{}"));
        list.Status.ShouldBe(200, list.Body);
        list.Body.ShouldContain("bad");
    }

    private const string Arn = "arn:aws:kinesis:us-east-1:000000000000:stream/bad";

    private static void Sign(HttpRequestMessage request, string how, string body = """{"StreamName":"bad"}""")
    {
        if (how == "none") return;
        var scope = new SigningScope(how == "another region" ? "eu-west-1" : "us-east-1", how == "another service" ? "s3" : "kinesis");
        var credentials = how switch
        {
            "another key" => new Credentials("AKIDOTHER", Tour.Credentials.Secret),
            "another secret" => new Credentials(Tour.Credentials.AccessKeyId, "guessed"),
            _ => Tour.Credentials,
        };
        var time = TimeProvider.System.GetUtcNow() - (how == "an hour ago" ? TimeSpan.FromHours(1) : TimeSpan.Zero);
        if (how == "another action") Retarget(request, "ListStreams");
        new Signer(scope, new FakeTimeProvider(time)).Sign(request, Encoding.UTF8.GetBytes(how == "another body" ? "{}" : body), credentials);
        if (how == "another action") Retarget(request, "DeleteStream");
        if (how != "half") return;
        request.Headers.Remove("Authorization");
        request.Headers.TryAddWithoutValidation("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDTOUR/20260101/us-east-1/kinesis/aws4_request");
    }

    private static void Retarget(HttpRequestMessage request, string action)
    {
        request.Headers.Remove("X-Amz-Target");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "Kinesis_20131202." + action);
    }

    /// <summary>An endpoint with a stream named bad of one shard.</summary>
    private static async Task<KinesisBed> BedAsync(KinesisOptions? options = null, TimeProvider? time = null)
    {
        var bed = await KinesisBed.StartAsync(options, time);
        var body = """{"StreamName":"bad","ShardCount":1}""";
        var made = await bed.SendAsync("CreateStream", Encoding.UTF8.GetBytes(body), change: request =>
        {
            if (options is not null) Sign(request, "well", body);
        });
        made.Status.ShouldBe(200, made.Body);
        return bed;
    }
}
