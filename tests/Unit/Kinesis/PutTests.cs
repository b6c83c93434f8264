using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Kinesis;
using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;

namespace Sluice.Unit.Kinesis;

public sealed class PutTests
{
    [Fact]
    public async Task A_record_goes_to_the_shard_of_its_keys_md5_and_comes_back_as_it_was()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 5);
        for (var i = 0; i < 20; i++)
        {
#pragma warning disable CA5351 // What Kinesis prescribes.
            var hash = new BigInteger(MD5.HashData(Encoding.UTF8.GetBytes($"kéy{i}")), isUnsigned: true, isBigEndian: true);
#pragma warning restore CA5351
            var put = await bed.PutAsync($"däta {i}", $"kéy{i}");
            var shard = put.GetProperty("ShardId").GetString()!;
            shard.ShouldBe($"shardId-{(int)(hash * 5 >> 128):D12}");
            var number = put.GetProperty("SequenceNumber").GetString()!;
            number.Length.ShouldBe(56);
            var got = await bed.CallAsync("GetRecords", new { ShardIterator = await bed.IteratorAsync("AT_SEQUENCE_NUMBER", shard, number), Limit = 1 });
            var record = got.GetProperty("Records")[0];
            record.GetProperty("SequenceNumber").GetString().ShouldBe(number);
            record.GetProperty("PartitionKey").GetString().ShouldBe($"kéy{i}");
            record.GetProperty("ApproximateArrivalTimestamp").GetDouble().ShouldBe(bed.NowMs / 1000.0, 0.0001);
            KinesisBed.Texts(got).ShouldBe([$"däta {i}"]);
        }
    }

    [Fact]
    public async Task A_put_to_a_stream_that_is_deleted_meanwhile_does_not_find_it()
    {
        await using var bed = new CallBed(TimeProvider.System);
        var found = await bed.CreateAsync();
        bed.Call.AddBody(new System.Buffers.ReadOnlySequence<byte>("""["k","d"]"""u8.ToArray()));
        bed.Call.Puts.Add(new PutEntry { Key = new BodySlice(2, 1), Data = new BodySlice(6, 1), ExplicitHashKey = BodySlice.Null });
        (await bed.Log.DeleteTopicAsync("s", default)).ShouldBeTrue();
        var error = await RecordAppender.AppendAsync(bed.Call, found);
        error.ShouldBe(new KinesisError(400, "ResourceNotFoundException", "Stream s under account 000000000000 not found."));
    }

    [Fact]
    public async Task Sequence_numbers_of_a_shard_grow_as_numbers()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        var numbers = new List<BigInteger>();
        for (var i = 0; i < 12; i++)
            numbers.Add(BigInteger.Parse((await bed.PutAsync("x")).GetProperty("SequenceNumber").GetString()!, CultureInfo.InvariantCulture));
        numbers.ShouldBe(numbers.Order().Distinct());
    }

    [Fact]
    public async Task An_explicit_hash_key_overrides_the_partition_key()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 2);
        (await bed.PutAsync("x", hashKey: "0")).GetProperty("ShardId").GetString().ShouldBe("shardId-000000000000");
        (await bed.PutAsync("x", hashKey: UInt128.MaxValue.ToString(CultureInfo.InvariantCulture))).GetProperty("ShardId").GetString().ShouldBe("shardId-000000000001");
        var refused = await bed.RefusedAsync("PutRecord", new { StreamName = "s", Data = "", PartitionKey = "k", ExplicitHashKey = "340282366920938463463374607431768211456" });
        refused.ShouldBe(new Refusal(
            400, "InvalidArgumentException",
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was 340282366920938463463374607431768211456"));
    }

    [Fact]
    public async Task A_stream_may_be_named_by_its_arn()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        await bed.CallAsync("PutRecord", new { StreamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s", Data = "YQ==", PartitionKey = "k" });
        (await bed.TextsAsync(await bed.IteratorAsync())).ShouldBe(["a"]);
        (await bed.RefusedAsync("PutRecord", new { StreamARN = "arn:aws:kinesis:us-east-1:000000000001:stream/s", Data = "YQ==", PartitionKey = "k" }))
            .Type.ShouldBe("ResourceNotFoundException");
    }

    [Theory]
    [InlineData("""{"StreamName":"s","Data":"YQ=="}""", "ValidationException", "1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: Member must not be null")]
    [InlineData("""{"StreamName":"s","PartitionKey":"k"}""", "ValidationException", "1 validation error detected: Value null at 'data' failed to satisfy constraint: Member must not be null")]
    [InlineData("""{"StreamName":"s","Data":"YQ==","PartitionKey":""}""", "ValidationException", "1 validation error detected: Value '' at 'partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1")]
    [InlineData("""{"StreamName":"s","Data":"YQ==","PartitionKey":"k","ExplicitHashKey":"01"}""", "ValidationException", "1 validation error detected: Value '01' at 'explicitHashKey' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})")]
    [InlineData("""{"StreamName":"a b","Data":"YQ==","PartitionKey":"k"}""", "ValidationException", "1 validation error detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")]
    [InlineData("""{"StreamName":"none","Data":"YQ==","PartitionKey":"k"}""", "ResourceNotFoundException", "Stream none under account 000000000000 not found.")]
    [InlineData("""{"StreamName":"s","Data":"YQ","PartitionKey":"k"}""", "SerializationException", "The blob is no valid base64.")]
    [InlineData("""{"StreamName":5,"Data":"YQ==","PartitionKey":"k"}""", "SerializationException", "NUMBER_VALUE can not be converted to a String")]
    [InlineData("{\"StreamName\":", "SerializationException", null)]
    [InlineData("[]", "SerializationException", "START_ARRAY can not be converted to a map")]
    [InlineData("", "SerializationException", null)]
    public async Task A_bad_record_is_refused_as_aws_refuses_it(string request, string type, string? message)
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        var refused = await bed.RefusedTextAsync("PutRecord", request);
        (refused.Status, refused.Type).ShouldBe((400, type));
        if (message is not null) refused.Message.ShouldBe(message);
    }

    [Fact]
    public async Task Escaped_text_is_read_as_what_it_means()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        (await bed.Server.Client.SendAsync(bed.Request("PutRecord", """{ "Stre\u0061mName" : "\u0073", "Data":"\u0059Q\u003d=", "PartitionKey":"a\"\ud83d\ude00", "More":[{"x":[1,2]},null] }""")))
            .EnsureSuccessStatusCode();
        var got = await bed.CallAsync("GetRecords", new { ShardIterator = await bed.IteratorAsync() });
        got.GetProperty("Records")[0].GetProperty("PartitionKey").GetString().ShouldBe("a\"😀");
        KinesisBed.Texts(got).ShouldBe(["a"]);
    }

    [Fact]
    public async Task Data_and_key_together_are_held_to_the_streams_record_size()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        await bed.PutAsync(new string('x', (1 << 20) - 3), "key");
        var refused = await bed.RefusedAsync("PutRecord", new { StreamName = "s", Data = KinesisBed.Base64(new string('x', (1 << 20) - 2)), PartitionKey = "key" });
        refused.ShouldBe(new Refusal(
            400, "ValidationException", "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576"));
        await bed.Log.UpdateStreamAsync("s", s => s.Attributes with { RecordKibMax = 10_240 }, default);
        await bed.PutAsync(new string('y', (10 << 20) - 3), "key");
        (await bed.TextsAsync(await bed.IteratorAsync("LATEST"))).ShouldBeEmpty();
        var first = await bed.CallAsync("GetRecords", new { ShardIterator = await bed.IteratorAsync() });
        KinesisBed.Texts(first).Select(t => t.Length).ShouldBe([(1 << 20) - 3], "both together are above 10 MiB");
        KinesisBed.Texts(await bed.CallAsync("GetRecords", new { ShardIterator = first.GetProperty("NextShardIterator").GetString() }))
            .Select(t => t.Length).ShouldBe([(10 << 20) - 3]);
    }

    [Fact]
    public async Task Records_are_answered_in_order_with_their_shards()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync(shards: 3);
        var records = Enumerable.Range(0, 500).Select(i => new { Data = KinesisBed.Base64($"r{i}"), PartitionKey = $"k{i}" }).ToArray();
        var answer = await bed.CallAsync("PutRecords", new { StreamName = "s", Records = records });
        answer.GetProperty("FailedRecordCount").GetInt32().ShouldBe(0);
        var put = answer.GetProperty("Records").EnumerateArray().Select((r, i) => (Shard: r.GetProperty("ShardId").GetString()!, Number: r.GetProperty("SequenceNumber").GetString()!, Text: $"r{i}")).ToArray();
        put.Length.ShouldBe(500);
        foreach (var shard in put.GroupBy(p => p.Shard))
        {
            var got = await bed.CallAsync("GetRecords", new { ShardIterator = await bed.IteratorAsync(shard: shard.Key) });
            KinesisBed.Texts(got).ShouldBe(shard.Select(p => p.Text));
            got.GetProperty("Records").EnumerateArray().Select(r => r.GetProperty("SequenceNumber").GetString()).ShouldBe(shard.Select(p => p.Number));
        }
    }

    [Fact]
    public async Task Put_records_is_held_to_500_records_and_10_mebibytes_and_one_bad_record_refuses_all()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        object Records(int count, string data) => new { StreamName = "s", Records = Enumerable.Repeat(new { Data = data, PartitionKey = "k" }, count).ToArray() };
        (await bed.RefusedAsync("PutRecords", Records(501, ""))).Message.ShouldBe("1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length less than or equal to 500");
        (await bed.RefusedAsync("PutRecords", Records(0, ""))).Message.ShouldBe("1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length greater than or equal to 1");
        (await bed.RefusedAsync("PutRecords", new { StreamName = "s" })).Message.ShouldBe("1 validation error detected: Value null at 'records' failed to satisfy constraint: Member must not be null");
        (await bed.RefusedAsync("PutRecords", Records(11, Convert.ToBase64String(new byte[1_000_000])))).ShouldBe(new Refusal(400, "InvalidArgumentException", "Records size exceeds 10 MB limit"));
        (await bed.RefusedAsync("PutRecords", new { StreamName = "s", Records = new object[] { new { Data = "", PartitionKey = "k" }, new { Data = "", PartitionKey = "" } } }))
            .Message.ShouldBe("1 validation error detected: Value '' at 'records.2.member.partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1");
        (await bed.TextsAsync(await bed.IteratorAsync())).ShouldBeEmpty();
        (await bed.CallAsync("PutRecords", Records(10, Convert.ToBase64String(new byte[1_000_000])))).GetProperty("FailedRecordCount").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task Without_sizes_enforced_more_records_go_and_a_body_beyond_the_limit_is_413()
    {
        await using var bed = await KinesisBed.StartAsync(new KinesisOptions { EnforceSizes = false });
        await bed.CreateAsync();
        var records = Enumerable.Repeat(new { Data = "YQ==", PartitionKey = "k" }, 2000).ToArray();
        (await bed.CallAsync("PutRecords", new { StreamName = "s", Records = records })).GetProperty("Records").GetArrayLength().ShouldBe(2000);
        (await bed.RefusedTextAsync("PutRecords", new string(' ', 17 << 20))).Status.ShouldBe(413);
    }

    [Fact]
    public async Task A_body_of_unknown_length_is_read_like_any_other()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        foreach (var (size, status) in ((int, int)[])[(10, 200), (500_000, 200)])
        {
            using var request = bed.Request("PutRecord", $$"""{"StreamName":"s","PartitionKey":"k","Data":"{{Convert.ToBase64String(new byte[size])}}"}""");
            request.Headers.TransferEncodingChunked = true;
            using var response = await bed.Server.Client.SendAsync(request);
            ((int)response.StatusCode).ShouldBe(status);
        }
    }

    [Fact]
    public async Task Records_of_a_kafka_producer_are_shown_whatever_their_keys_are()
    {
        await using var bed = await KinesisBed.StartAsync();
        await bed.CreateAsync();
        var builder = new Sluice.Log.RecordBatchBuilder();
        builder.Append(1, Sluice.Log.RecordBytes.Null, Sluice.Log.RecordBytes.Null);
        builder.Append(1, Sluice.Log.RecordBytes.Of([0xff, 0x22]), Sluice.Log.RecordBytes.Of("a"u8));
        await bed.Log.AppendAsync(new("s", 0), builder.Build(), default);
        var records = (await bed.CallAsync("GetRecords", new { ShardIterator = await bed.IteratorAsync() })).GetProperty("Records");
        records.EnumerateArray().Select(r => r.GetProperty("PartitionKey").GetString()).ShouldBe(["", "\ufffd\""]);
    }

    [Fact]
    public async Task Rates_are_enforced_per_shard_and_refill_with_time()
    {
        await using var bed = await KinesisBed.StartAsync(new KinesisOptions { EnforceRates = true });
        await bed.CreateAsync(shards: 2);
        object Records(int count, string hashKey) => new
        {
            StreamName = "s",
            Records = Enumerable.Repeat(new { Data = "YQ==", PartitionKey = "k", ExplicitHashKey = hashKey }, count).ToArray(),
        };
        for (var i = 0; i < 2; i++) (await bed.CallAsync("PutRecords", Records(450, "0"))).GetProperty("FailedRecordCount").GetInt32().ShouldBe(0);
        var answer = await bed.CallAsync("PutRecords", Records(450, "0"));
        answer.GetProperty("FailedRecordCount").GetInt32().ShouldBe(350);
        var failed = answer.GetProperty("Records")[449];
        failed.GetProperty("ErrorCode").GetString().ShouldBe("ProvisionedThroughputExceededException");
        failed.GetProperty("ErrorMessage").GetString().ShouldBe("Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000.");
        (await bed.RefusedAsync("PutRecord", new { StreamName = "s", Data = "", PartitionKey = "k", ExplicitHashKey = "0" })).Type.ShouldBe("ProvisionedThroughputExceededException");
        var last = UInt128.MaxValue.ToString(CultureInfo.InvariantCulture);
        (await bed.CallAsync("PutRecords", Records(450, last))).GetProperty("FailedRecordCount").GetInt32().ShouldBe(0);
        bed.Time.Advance(TimeSpan.FromMilliseconds(100));
        (await bed.CallAsync("PutRecords", Records(450, "0"))).GetProperty("FailedRecordCount").GetInt32().ShouldBe(350);
        var iterator = await bed.IteratorAsync();
        for (var i = 0; i < 5; i++) await bed.CallAsync("GetRecords", new { ShardIterator = iterator });
        (await bed.RefusedAsync("GetRecords", new { ShardIterator = iterator })).Type.ShouldBe("ProvisionedThroughputExceededException");
    }

    [Fact]
    public async Task What_is_no_kinesis_request_is_an_unknown_operation()
    {
        await using var bed = await KinesisBed.StartAsync();
        (await bed.RefusedTextAsync("NoSuchAction", "{}")).ShouldBe(new Refusal(400, "UnknownOperationException", ""));
        using var plain = bed.Request("PutRecord", "{}");
        plain.Content!.Headers.ContentType!.MediaType = "text/plain";
        ((int)(await bed.Server.Client.SendAsync(plain)).StatusCode).ShouldBe(404);
        ((int)(await bed.Server.Client.GetAsync("/")).StatusCode).ShouldBe(404);
        using var answer = await bed.Server.Client.SendAsync(bed.Request("ListStreams", "{}"));
        answer.Headers.GetValues("x-amzn-RequestId").Single().Length.ShouldBe(36);
        answer.Headers.Contains("x-amz-id-2").ShouldBeTrue();
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/x-amz-json-1.1");
    }
}
