using System.Text;
using Sluice.KafkaRest;
using Sluice.Log;

namespace Sluice.Conformance.KafkaRest;

public sealed class ProduceTests : IAsyncLifetime
{
    private ProxyBed _bed = null!;

    public async ValueTask InitializeAsync() => _bed = await ProxyBed.StartAsync();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_record_is_answered_in_the_exact_shape_of_the_confluent_proxy()
    {
        (await _bed.PostAsync("/topics/one", """{"records":[{"value":{"a":1}}]}""")).ShouldBe(new Answer(
            200,
            "application/vnd.kafka.v2+json",
            """{"offsets":[{"partition":0,"offset":0,"error_code":null,"error":null}],"key_schema_id":null,"value_schema_id":null}""",
            null));
    }

    [Theory]
    [InlineData("""{"a":1}""")]
    [InlineData("""{ "b" : [1, 2.50, 1e400, -0],  "a":"\u00e9\/" }""")]
    [InlineData("\"text\"")]
    [InlineData("12345678901234567890123456789012345678901234567890")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("\"\"")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("{\"line\":1,\n\t\"two\":\"\u2028 caf\u00e9 \U0001F600\"}")]
    public async Task A_json_value_is_stored_byte_for_byte_as_it_was_sent(string value)
    {
        (await _bed.PostAsync("/topics/one", $$"""{"records":[ {"value" : {{value}} } ]}""")).Status.ShouldBe(200);
        Encoding.UTF8.GetString(_bed.Log.Records("one").Single().Value!).ShouldBe(value);
    }

    [Fact]
    public async Task Key_and_value_are_null_when_absent_or_null()
    {
        await _bed.PostAsync("/topics/one", """{"records":[{},{"key":null,"value":null},{"key":"k","value":null},{"value":1}]}""");
        _bed.Log.Records("one").Select(r => (Text(r.Key), Text(r.Value)))
            .ShouldBe([(null, null), (null, null), ("\"k\"", null), (null, "1")]);
    }

    [Fact]
    public async Task Binary_keys_and_values_are_decoded()
    {
        var answer = await _bed.PostAsync(
            "/topics/one",
            """{"records":[{"key":"a2V5","value":"AAEC\/w=="},{"value":"AAEC\u002Fw"},{"value":""},{"value":"YQ=="},{"value":"YWI="},{"value":"YWJj"}]}""",
            ProxyBed.Binary);
        answer.Status.ShouldBe(200, answer.Body);
        _bed.Log.Records("one").Select(r => Convert.ToHexString(r.Value!)).ShouldBe(["000102FF", "000102FF", "", "61", "6162", "616263"]);
        Text(_bed.Log.Records("one")[0].Key).ShouldBe("key");
    }

    [Fact]
    public async Task Without_a_content_type_the_format_is_binary()
    {
        (await _bed.PostAsync("/topics/one", """{"records":[{"value":"YWJj"}]}""", contentType: null)).Status.ShouldBe(200);
        Text(_bed.Log.Records("one").Single().Value).ShouldBe("abc");
    }

    [Fact]
    public async Task Offsets_are_answered_in_the_order_of_the_request_over_partitions()
    {
        var answer = await _bed.PostAsync(
            "/topics/three",
            """{"records":[{"partition":2,"value":1},{"partition":0,"value":2},{"partition":2,"value":3},{"partition":1,"value":4}]}""");
        answer.Body.ShouldStartWith(
            """{"offsets":[{"partition":2,"offset":0,"error_code":null,"error":null},{"partition":0,"offset":0,"error_code":null,"error":null},{"partition":2,"offset":1,"error_code":null,"error":null},{"partition":1,"offset":0,""");
    }

    [Fact]
    public async Task A_key_chooses_the_partition_as_kafkas_default_partitioner_does()
    {
        // toPositive(murmur2("foobar")) % 3 and so on, with the published hashes of Kafka's own tests.
        foreach (var (key, hash) in new[] { ("21", -973932308), ("foobar", -790332482), ("abc", 479470107) })
        {
            var body = $$"""{"records":[{"key":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(key))}}","value":""}]}""";
            (await _bed.PostAsync("/topics/three", body, ProxyBed.Binary)).Body
                .ShouldContain($"\"partition\":{(hash & 0x7fffffff) % 3},");
        }
    }

    [Fact]
    public async Task Records_without_a_key_stay_together_in_a_request_and_spread_over_requests()
    {
        for (var i = 0; i < 6; i++) await _bed.PostAsync("/topics/three", """{"records":[{"value":1},{"value":2}]}""");
        Enumerable.Range(0, 3).Select(p => _bed.Log.Records("three", p).Count).ShouldBe([4, 4, 4]);
    }

    [Fact]
    public async Task The_partition_of_the_path_holds_for_records_that_name_none()
    {
        var answer = await _bed.PostAsync("/topics/three/partitions/1", """{"records":[{"value":1},{"key":"k","value":2}]}""");
        answer.Status.ShouldBe(200);
        _bed.Log.Records("three", 1).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_record_for_a_missing_partition_fails_alone()
    {
        var answer = await _bed.PostAsync("/topics/one", """{"records":[{"value":1},{"partition":7,"value":2},{"value":3}]}""");
        answer.Status.ShouldBe(200);
        answer.Body.ShouldBe(
            """{"offsets":[{"partition":0,"offset":0,"error_code":null,"error":null},{"partition":null,"offset":null,"error_code":50003,"error":"Partition 7 of topic one with partition count 1 is not present in metadata."},{"partition":0,"offset":1,"error_code":null,"error":null}],"key_schema_id":null,"value_schema_id":null}""");
        _bed.Log.Records("one").Select(r => Text(r.Value)).ShouldBe(["1", "3"]);
    }

    [Fact]
    public async Task A_record_over_the_maximum_fails_alone_and_a_request_of_only_such_is_413()
    {
        var large = "\"" + new string('x', 1_048_576) + "\"";
        var answer = await _bed.PostAsync("/topics/one", $$"""{"records":[{"value":{{large}}},{"value":3}]}""");
        answer.Status.ShouldBe(200);
        answer.Body.ShouldContain("\"error_code\":50002");
        Text(_bed.Log.Records("one").Single().Value).ShouldBe("3");
        answer = await _bed.PostAsync("/topics/one", $$"""{"records":[{"value":{{large}}}]}""");
        (answer.Status, answer.Body.Contains("\"error_code\":413")).ShouldBe((413, true));
    }

    [Fact]
    public async Task Records_that_do_not_fit_in_one_batch_are_stored_in_several_in_order()
    {
        var values = Enumerable.Range(0, 40).Select(i => $"\"{i:D6}{new string('x', 100_000)}\"").ToList();
        var answer = await _bed.PostAsync("/topics/one", $$"""{"records":[{{string.Join(",", values.Select(v => $$"""{"value":{{v}}}"""))}}]}""");
        answer.Status.ShouldBe(200);
        _bed.Log.Records("one").Select(r => Text(r.Value)).SequenceEqual(values).ShouldBeTrue();
        answer.Body.ShouldContain("\"offset\":39,");
    }

    [Theory]
    [InlineData(AppendError.Busy, 503, "50003")]
    [InlineData(AppendError.StorageError, 503, "50003")]
    [InlineData(AppendError.UnknownTopicOrPartition, 404, "40401")]
    [InlineData(AppendError.MessageTooLarge, 413, "413")]
    [InlineData(AppendError.CorruptMessage, 500, "50002")]
    [InlineData(AppendError.PartitionClosed, 422, "50002")]
    [InlineData(AppendError.MissingKey, 422, "50002")]
    [InlineData(AppendError.FencedProducer, 500, "50002")]
    public async Task A_refusal_of_the_log_is_answered_with_its_code(AppendError error, int status, string code)
    {
        _bed.Log.Refuse = _ => error;
        var answer = await _bed.PostAsync("/topics/one", """{"records":[{"value":1}]}""");
        (answer.Status, answer.Body.Contains("\"error_code\":" + code)).ShouldBe((status, true), answer.Body);
    }

    [Fact]
    public async Task A_request_of_which_nothing_was_stored_is_never_answered_200()
    {
        foreach (var error in Enum.GetValues<AppendError>().Where(e => e != AppendError.None))
        {
            _bed.Log.Refuse = _ => error;
            (await _bed.PostAsync("/topics/one", """{"records":[{"value":1},{"value":2,"partition":7}]}""")).Status.ShouldBeGreaterThanOrEqualTo(400, $"{error}");
        }

        (await _bed.PostAsync("/topics/one", """{"records":[{"value":1,"partition":7},{"value":2,"partition":8}]}""")).ShouldBe(
            new Answer(404, ProxyBed.V2, """{"error_code":40402,"message":"Partition not found."}""", null));
    }

    [Fact]
    public async Task A_record_that_needs_a_key_is_told_so_and_not_to_come_again()
    {
        _bed.Log.Refuse = partition => partition.Partition == 1 ? AppendError.MissingKey : AppendError.None;
        const string Refusal = """{"partition":null,"offset":null,"error_code":50002,"error":"The topic is compacted (cleanup.policy): every record needs a key."}""";
        (await _bed.PostAsync("/topics/three", """{"records":[{"partition":1,"value":1}]}""")).ShouldBe(
            new Answer(422, ProxyBed.V2, $$"""{"offsets":[{{Refusal}}],"key_schema_id":null,"value_schema_id":null}""", null));
        var mixed = await _bed.PostAsync("/topics/three", """{"records":[{"partition":0,"value":1},{"partition":1,"value":2}]}""");
        (mixed.Status, mixed.Body.Contains(Refusal)).ShouldBe((200, true), mixed.Body);
        (await _bed.PostAsync("/v3/clusters/sluice/topics/three/records", """{"partition_id":1,"value":{"type":"JSON","data":1}}""", "application/json")).Body
            .ShouldStartWith("""{"error_code":50002,"message":"The topic is compacted (cleanup.policy): every record needs a key."}""");
    }

    [Fact]
    public async Task A_refusal_by_one_partition_leaves_the_others_stored()
    {
        _bed.Log.Refuse = partition => partition.Partition == 1 ? AppendError.Busy : AppendError.None;
        var answer = await _bed.PostAsync("/topics/three", """{"records":[{"partition":0,"value":1},{"partition":1,"value":2}]}""");
        answer.Status.ShouldBe(200);
        answer.Body.ShouldStartWith(
            """{"offsets":[{"partition":0,"offset":0,"error_code":null,"error":null},{"partition":null,"offset":null,"error_code":50003,"error":""");
    }

    [Fact]
    public async Task A_log_that_throws_is_answered_500_and_the_next_request_works()
    {
        _bed.Log.Refuse = _ => throw new InvalidOperationException("disk path and other secrets");
        var answer = await _bed.PostAsync("/topics/one", """{"records":[{"value":1}]}""");
        answer.ShouldBe(new Answer(500, ProxyBed.V2, """{"error_code":50001,"message":"Internal Server Error"}""", null));
        _bed.Log.Refuse = _ => AppendError.None;
        (await _bed.PostAsync("/topics/one", """{"records":[{"value":1}]}""")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_unknown_topic_is_created_only_when_the_options_say_so()
    {
        (await _bed.PostAsync("/topics/new", """{"records":[{"value":1}]}""")).Body.ShouldBe("""{"error_code":40401,"message":"Topic not found."}""");
        await using var creating = await ProxyBed.StartAsync(new KafkaRestOptions { AutoCreateTopics = true, AutoCreatePartitions = 2 });
        (await creating.PostAsync("/topics/new", """{"records":[{"value":1}]}""")).Status.ShouldBe(200);
        (await creating.Log.FindTopicAsync("new", default))!.PartitionCount.ShouldBe(2);
        var invalid = await creating.PostAsync("/topics/n%20w", """{"records":[{"value":1}]}""");
        (invalid.Status, invalid.Body.Contains("\"error_code\":40002")).ShouldBe((400, true));
    }

    [Fact]
    public async Task Large_bodies_are_bounded_together()
    {
        await using var tight = await ProxyBed.StartAsync(new KafkaRestOptions { RequestBytesInFlightMax = 300_000 });
        var release = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        tight.Log.Hold = async _ =>
        {
            held.TrySetResult();
            await release.Task;
        };
        var body = $$"""{"records":[{"value":"{{new string('x', 200_000)}}"}]}""";
        var first = tight.PostAsync("/topics/one", body);
        await held.Task;
        (await tight.PostAsync("/topics/one", body)).Status.ShouldBe(429);
        release.SetResult();
        (await first).Status.ShouldBe(200);
        (await tight.PostAsync("/topics/one", body)).Status.ShouldBe(200);
    }

    private static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);
}
