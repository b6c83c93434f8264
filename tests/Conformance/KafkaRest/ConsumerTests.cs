using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sluice.KafkaRest;
using Sluice.Log;

namespace Sluice.Conformance.KafkaRest;

public sealed class ConsumerTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private ProxyBed _bed = null!;

    public async ValueTask InitializeAsync() => _bed = await ProxyBed.StartAsync(time: _time);

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_consumer_lives_from_its_creation_to_its_deletion()
    {
        var created = await _bed.PostAsync("/consumers/g", """{"name":"i","format":"json","auto.offset.reset":"earliest"}""", ProxyBed.V2);
        created.ShouldBe(new Answer(
            200, ProxyBed.V2, $$"""{"instance_id":"i","base_uri":"{{_bed.Server.Address.GetLeftPart(UriPartial.Authority)}}/consumers/g/instances/i"}""", null));
        (await _bed.PostAsync("/consumers/g/instances/i/subscription", """{"topics":["one"]}""", ProxyBed.V2)).Status.ShouldBe(204);
        (await _bed.GetAsync("/consumers/g/instances/i/subscription")).Body.ShouldBe("""{"topics":["one"]}""");
        (await _bed.GetAsync("/consumers/g/instances/i/assignments")).Body.ShouldBe("""{"partitions":[{"topic":"one","partition":0}]}""");
        await _bed.PostAsync("/topics/one", """{"records":[{"key":"k","value":{"a": 1}},{"value":null}]}""");
        (await ReadAsync("g", "i")).ShouldBe(new Answer(
            200,
            ProxyBed.Json,
            """[{"topic":"one","key":"k","value":{"a": 1},"partition":0,"offset":0},{"topic":"one","key":null,"value":null,"partition":0,"offset":1}]""",
            null));
        (await ReadAsync("g", "i", timeout: 0)).Body.ShouldBe("[]");
        (await CommittedAsync("g", "i", "one")).ShouldBe("""{"offsets":[{"topic":"one","partition":0,"offset":2,"metadata":""}]}""");
        (await _bed.SendAsync(HttpMethod.Delete, "/consumers/g/instances/i/subscription", null, null)).Status.ShouldBe(204);
        (await _bed.GetAsync("/consumers/g/instances/i/subscription")).Body.ShouldBe("""{"topics":[]}""");
        (await ReadAsync("g", "i")).Status.ShouldBe(409);
        (await _bed.SendAsync(HttpMethod.Delete, "/consumers/g/instances/i", null, null)).Status.ShouldBe(204);
        (await _bed.SendAsync(HttpMethod.Delete, "/consumers/g/instances/i", null, null)).ShouldBe(
            new Answer(404, ProxyBed.V2, """{"error_code":40403,"message":"Consumer instance not found."}""", null));
    }

    [Fact]
    public async Task A_read_that_waits_is_answered_by_the_next_record_and_not_by_its_timeout()
    {
        // The clock stands still: a read that waited for its timeout would never end.
        await CreateAsync("g", "i", "earliest");
        var read = ReadAsync("g", "i", timeout: 60_000);
        await _bed.PostAsync("/topics/one", """{"records":[{"value":1}]}""");
        (await read).Body.ShouldBe("""[{"topic":"one","key":null,"value":1,"partition":0,"offset":0}]""");
    }

    [Fact]
    public async Task Binary_records_come_as_base64_and_with_their_timestamps_when_asked_for()
    {
        await CreateAsync("g", "i", "earliest", "binary");
        await _bed.PostAsync("/topics/one", """{"records":[{"key":"a2V5","value":"AAEC"}]}""", ProxyBed.Binary);
        (await _bed.GetAsync("/consumers/g/instances/i/records", ProxyBed.Binary + ";timestamps=true")).ShouldBe(new Answer(
            200, ProxyBed.Binary, """[{"topic":"one","key":"a2V5","value":"AAEC","partition":0,"offset":0,"timestamp":1769860800000}]""", null));
    }

    [Fact]
    public async Task Headers_come_with_the_records_when_asked_for()
    {
        await CreateAsync("g", "i", "earliest", "binary");
        const string Record = """{"headers":[{"name":"h\u00e9","value":"AQI="},{"name":"n","value":null}],"value":{"type":"BINARY","data":"AAEC"}}""";
        await _bed.PostAsync("/v3/clusters/sluice/topics/one/records", Record + """{"value":{"type":"BINARY","data":"AA=="}}""", "application/json");
        (await _bed.GetAsync("/consumers/g/instances/i/records", ProxyBed.Binary + ";headers=true;timestamps=true")).Body.ShouldBe(
            """[{"topic":"one","key":null,"value":"AAEC","partition":0,"offset":0,"timestamp":1769860800000,"headers":[{"name":"hé","value":"AQI="},{"name":"n","value":null}]},"""
            + """{"topic":"one","key":null,"value":"AA==","partition":0,"offset":1,"timestamp":1769860800000,"headers":[]}]""");
    }

    [Theory]
    [InlineData("json", ProxyBed.Json, 200)]
    [InlineData("json", null, 406)]
    [InlineData("json", "*/*", 406)]
    [InlineData("json", ProxyBed.Binary, 406)]
    [InlineData("json", ProxyBed.Binary + ";q=0.1, " + ProxyBed.Json, 200)]
    [InlineData("binary", null, 200)]
    [InlineData("binary", "*/*", 200)]
    [InlineData("binary", ProxyBed.Json, 406)]
    [InlineData("binary", "text/html", 406)]
    public async Task The_accepted_type_must_be_the_format_of_the_instance(string format, string? accept, int status)
    {
        await CreateAsync("g", "i", "earliest", format);
        var answer = await _bed.GetAsync("/consumers/g/instances/i/records?timeout=0", accept);
        answer.Status.ShouldBe(status);
        if (status == 406 && accept != "text/html") answer.Body.ShouldStartWith("""{"error_code":40601,""");
    }

    [Theory]
    [InlineData("""{"format":"xml"}""", 422, 422)]
    [InlineData("""{"format":"avro"}""", 422, 42206)]
    [InlineData("""{"auto.offset.reset":"sometime"}""", 422, 42204)]
    [InlineData("""{"auto.commit.enable":"perhaps"}""", 422, 42204)]
    [InlineData("""{"fetch.min.bytes":10000001}""", 422, 40001)]
    [InlineData("""{"name":"a/b"}""", 422, 42204)]
    [InlineData("""{"surprise":1}""", 422, 422)]
    [InlineData("""{"name":"taken"}""", 409, 40902)]
    [InlineData("[]", 400, 400)]
    [InlineData("{", 400, 400)]
    public async Task A_creation_that_cannot_be_is_refused(string body, int status, int code)
    {
        await CreateAsync("g", "taken");
        var answer = await _bed.PostAsync("/consumers/g", body, ProxyBed.V2);
        (answer.Status, answer.Body.StartsWith($$"""{"error_code":{{code}},""")).ShouldBe((status, true), answer.Body);
    }

    [Fact]
    public async Task Without_a_body_an_instance_is_created_with_a_name_of_its_own()
    {
        (await _bed.PostAsync("/consumers/g", "", null)).Body.ShouldStartWith("""{"instance_id":"rest-consumer-""");
    }

    [Fact]
    public async Task Subscription_and_assignment_exclude_each_other()
    {
        await CreateAsync("g", "i");
        (await _bed.PostAsync("/consumers/g/instances/i/assignments", """{"partitions":[{"topic":"one","partition":0}]}""", ProxyBed.V2)).Body
            .ShouldStartWith("""{"error_code":40903,""");
        (await _bed.PostAsync("/consumers/g/instances/i/subscription", """{"topic_pattern":"o.*"}""", ProxyBed.V2)).Status.ShouldBe(409);
        (await _bed.PostAsync("/consumers/g/instances/i/subscription", """{"topics":["three"]}""", ProxyBed.V2)).Status.ShouldBe(204);
    }

    [Fact]
    public async Task Positions_go_to_the_beginning_to_the_end_to_an_offset_and_to_a_time()
    {
        await _bed.PostAsync("/consumers/g", """{"name":"i","format":"json"}""", ProxyBed.V2);
        await _bed.PostAsync("/consumers/g/instances/i/assignments", """{"partitions":[{"topic":"one","partition":0}]}""", ProxyBed.V2);
        await _bed.PostAsync("/topics/one", """{"records":[{"value":0},{"value":1}]}""");
        _time.Advance(TimeSpan.FromMinutes(1));
        await _bed.PostAsync("/topics/one", """{"records":[{"value":2}]}""");

        const string All = """{"partitions":[{"topic":"one","partition":0}]}""";
        await SeekAsync("/beginning", All);
        (await OffsetsReadAsync("i")).ShouldBe([0, 1, 2]);
        await SeekAsync("/end", All);
        (await OffsetsReadAsync("i")).ShouldBe([]);
        await SeekAsync("", """{"offsets":[{"topic":"one","partition":0,"offset":1}]}""");
        (await OffsetsReadAsync("i")).ShouldBe([1, 2]);
        await SeekAsync("", """{"timestamps":[{"topic":"one","partition":0,"timestamp":"2026-01-31T12:00:30Z"}]}""");
        (await OffsetsReadAsync("i")).ShouldBe([2]);
        (await _bed.PostAsync("/consumers/g/instances/i/positions/end", """{"partitions":[{"topic":"three","partition":0}]}""", ProxyBed.V2)).Body
            .ShouldStartWith("""{"error_code":40903,""");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_read_that_waits_goes_on_where_its_client_seeks()
    {
        await CreateAsync("g", "i", "earliest");
        await _bed.PostAsync("/topics/one", """{"records":[{"value":1},{"value":2}]}""");
        (await ValuesReadAsync("i")).ShouldBe([1, 2]);
        var reading = new TaskCompletionSource();
        _bed.Log.HoldRead = _ =>
        {
            reading.TrySetResult();
            return default;
        };
        // The clock stands still: only the seek ends the wait.
        var read = ReadFieldAsync("i", "timeout=60000", "offset");
        await reading.Task;
        await SeekAsync("/beginning", """{"partitions":[{"topic":"one","partition":0}]}""");
        (await read).ShouldBe([0, 1]);
        (await OffsetsReadAsync("i")).ShouldBe([]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_seek_while_an_answer_is_made_is_where_the_next_read_begins()
    {
        await CreateAsync("g", "i", "earliest", topic: "three");
        await ProduceAsync("three", 0, 6);
        await ValuesReadAsync("i");
        await ProduceAsync("three", 6, 9);
        var read = new List<int>();
        _bed.Log.HoldRead = async partition =>
        {
            // The page has the new record of one partition, or more, when it comes to the next one.
            read.Add(partition.Partition);
            if (read.Distinct().Count() != 2) return;
            _bed.Log.HoldRead = static _ => default;
            await SeekAsync("/beginning", $$"""{"partitions":[{"topic":"three","partition":{{read[0]}}}]}""");
        };
        (await ValuesReadAsync("i")).Order().ShouldBe([6, 7, 8]);
        (await ValuesReadAsync("i")).ShouldBe([read[0], read[0] + 3, read[0] + 6]);
        (await ValuesReadAsync("i")).ShouldBe([]);
    }

    [Fact]
    public async Task What_a_client_that_died_was_given_last_is_read_again_when_it_has_expired()
    {
        await CreateAsync("g", "b", "earliest");
        await _bed.PostAsync("/topics/one", """{"records":[{"value":1},{"value":2}]}""");
        (await ValuesReadAsync("b")).ShouldBe([1, 2]);
        await CreateAsync("g", "a", "earliest");
        (await AssignedAsync("a")).ShouldBe([]);
        (await ValuesReadAsync("a")).ShouldBe([]);
        _time.Advance(TimeSpan.FromMinutes(4));
        (await ValuesReadAsync("a")).ShouldBe([]);
        _time.Advance(TimeSpan.FromMinutes(2));
        (await ValuesReadAsync("a")).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task A_partition_changes_hands_when_its_reader_has_acknowledged_what_it_was_given()
    {
        await CreateAsync("g", "b", "latest");
        (await ValuesReadAsync("b")).ShouldBe([]);
        await _bed.PostAsync("/topics/one", """{"records":[{"value":1},{"value":2}]}""");
        (await ValuesReadAsync("b")).ShouldBe([1, 2]);
        await CreateAsync("g", "a", "latest");
        (await AssignedAsync("b")).ShouldBe([0]);
        await _bed.PostAsync("/topics/one", """{"records":[{"value":3}]}""");
        (await ValuesReadAsync("b")).ShouldBe([]);
        (await AssignedAsync("b")).ShouldBe([]);
        (await ValuesReadAsync("a")).ShouldBe([3]);
    }

    [Fact]
    public async Task What_a_client_committed_itself_stays_committed_when_it_expires()
    {
        await CreateAsync("g", "i", "earliest");
        await _bed.PostAsync("/topics/one", """{"records":[{"value":1},{"value":2},{"value":3}]}""");
        (await ValuesReadAsync("i")).ShouldBe([1, 2, 3]);
        (await _bed.PostAsync("/consumers/g/instances/i/offsets", """{"offsets":[{"topic":"one","partition":0,"offset":1}]}""", ProxyBed.V2)).Status.ShouldBe(200);
        _time.Advance(TimeSpan.FromMinutes(6));
        await CreateAsync("g", "j", "earliest");
        (await ValuesReadAsync("j")).ShouldBe([3]);
    }

    [Fact]
    public async Task Two_instances_of_a_group_share_the_partitions_and_the_last_one_gets_all()
    {
        await CreateAsync("g", "a", topic: "three");
        await CreateAsync("g", "b", topic: "three");
        (await AssignedAsync("a")).ShouldBe([0, 1]);
        (await AssignedAsync("b")).ShouldBe([2]);
        await _bed.SendAsync(HttpMethod.Delete, "/consumers/g/instances/a", null, null);
        (await AssignedAsync("b")).ShouldBe([0, 1, 2]);
    }

    [Fact]
    public async Task Records_of_a_group_are_read_once_while_instances_come_and_go()
    {
        await CreateAsync("g", "a", "earliest", topic: "three");
        await ProduceAsync("three", 0, 9);
        var read = await OffsetsReadAsync("a");
        read.Count.ShouldBe(9);
        await CreateAsync("g", "b", "earliest", topic: "three");
        await ProduceAsync("three", 9, 18);
        (await ValuesReadAsync("a")).Concat(await ValuesReadAsync("b")).Order().ShouldBe(Enumerable.Range(9, 9).Select(i => (long)i));
    }

    [Fact]
    public async Task An_idle_instance_expires_and_its_partitions_go_to_the_others()
    {
        await CreateAsync("g", "a", topic: "three");
        await CreateAsync("g", "b", topic: "three");
        _time.Advance(TimeSpan.FromMinutes(4));
        await AssignedAsync("b");
        _time.Advance(TimeSpan.FromMinutes(2));
        (await AssignedAsync("b")).ShouldBe([0, 1, 2]);
        (await _bed.GetAsync("/consumers/g/instances/a/assignments")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_instance_and_its_group_survive_a_restart_of_the_proxy()
    {
        await CreateAsync("g", "i", "earliest");
        await _bed.PostAsync("/topics/one", """{"records":[{"value":1},{"value":2}]}""");
        await ValuesReadAsync("i");
        (await _bed.PostAsync("/consumers/g/instances/i/offsets", "", null)).Body.ShouldBe("[]");
        await _bed.PostAsync("/topics/one", """{"records":[{"value":3}]}""");
        await using var restarted = await ProxyBed.StartAsync(time: _time, log: _bed.Log);
        (await restarted.GetAsync("/consumers/g/instances/i/records", ProxyBed.Json)).Body
            .ShouldBe("""[{"topic":"one","key":null,"value":3,"partition":0,"offset":2}]""");
        (await restarted.SendAsync(HttpMethod.Delete, "/consumers/g/instances/i", null, null)).Status.ShouldBe(204);
        await using var again = await ProxyBed.StartAsync(time: _time, log: _bed.Log);
        (await again.GetAsync("/consumers/g/instances/i/records", ProxyBed.Json)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_client_that_went_away_before_its_answer_gets_the_same_records_again()
    {
        await CreateAsync("g", "i", "earliest", topic: "three");
        await ProduceAsync("three", 0, 6);
        using (var lost = await _bed.Server.ConnectAsync())
        {
            // A head is answered without its records: it is a read whose answer does not arrive.
            await lost.SendAsync($"HEAD /consumers/g/instances/i/records HTTP/1.1\r\nHost: x\r\nAccept: {ProxyBed.Json}\r\n\r\n");
            (await lost.ReadSomeAsync(new byte[12])).ShouldBe(12);
        }

        (await CommittedAsync("g", "i", "three")).ShouldBe("""{"offsets":[]}""");
        (await ValuesReadAsync("i")).Order().ShouldBe([0, 1, 2, 3, 4, 5]);
        (await CommittedAsync("g", "i", "three")).ShouldContain("\"offset\":0");
        (await ValuesReadAsync("i")).ShouldBe([]);
        (await CommittedAsync("g", "i", "three")).ShouldContain("\"offset\":2");
    }

    [Fact]
    public async Task A_client_that_gave_up_waiting_loses_no_record()
    {
        await CreateAsync("g", "i", "earliest");
        using (var lost = await _bed.Server.ConnectAsync())
        {
            await lost.SendAsync($"GET /consumers/g/instances/i/records?timeout=60000 HTTP/1.1\r\nHost: x\r\nAccept: {ProxyBed.Json}\r\n\r\n");
            lost.Reset();
        }

        await _bed.PostAsync("/topics/one", """{"records":[{"value":1}]}""");
        (await ValuesReadAsync("i")).ShouldBe([1]);
    }

    [Fact]
    public async Task Without_automatic_commits_only_the_client_commits()
    {
        await CreateAsync("g", "i", "earliest", extra: ""","auto.commit.enable":"false" """);
        await _bed.PostAsync("/topics/one", """{"records":[{"value":1},{"value":2}]}""");
        await ValuesReadAsync("i");
        await ValuesReadAsync("i");
        (await CommittedAsync("g", "i", "one")).ShouldBe("""{"offsets":[]}""");
        (await _bed.PostAsync(
            "/consumers/g/instances/i/offsets", """{"offsets":[{"topic":"one","partition":0,"offset":0,"metadata":"m"}]}""", ProxyBed.V2)).Status.ShouldBe(200);
        (await CommittedAsync("g", "i", "one")).ShouldBe("""{"offsets":[{"topic":"one","partition":0,"offset":1,"metadata":"m"}]}""");
    }

    [Fact]
    public async Task The_byte_limit_of_a_read_holds_and_lets_one_record_through()
    {
        await CreateAsync("g", "i", "earliest");
        await _bed.PostAsync("/topics/one", """{"records":[{"value":"aaaaaaaa"},{"value":"b"},{"value":"c"},{"value":"d"}]}""");
        (await OffsetsReadAsync("i", "max_bytes=6")).ShouldBe([0]);
        (await OffsetsReadAsync("i", "max_bytes=6")).ShouldBe([1, 2]);
        (await OffsetsReadAsync("i", "max_bytes=6")).ShouldBe([3]);
    }

    [Fact]
    public async Task A_record_that_is_no_json_stops_a_json_reader_before_it_and_is_named()
    {
        await CreateAsync("g", "i", "earliest");
        await _bed.PostAsync("/topics/one", """{"records":[{"value":"MQ=="},{"value":"ew=="},{"value":"Mg=="}]}""", ProxyBed.Binary);
        (await ValuesReadAsync("i")).ShouldBe([1]);
        var refused = await ReadAsync("g", "i");
        (refused.Status, refused.Body.StartsWith("""{"error_code":42203,"message":"Conversion of JSON to Object failed: the record at offset 1 of one-0""")).ShouldBe((422, true));
        await SeekAsync("", """{"offsets":[{"topic":"one","partition":0,"offset":2}]}""");
        (await ValuesReadAsync("i")).ShouldBe([2]);
    }

    [Fact]
    public async Task A_pattern_takes_in_topics_that_come_later()
    {
        await _bed.PostAsync("/consumers/g", """{"name":"i","format":"json","auto.offset.reset":"earliest"}""", ProxyBed.V2);
        (await _bed.PostAsync("/consumers/g/instances/i/subscription", """{"topic_pattern":"pin\\..*"}""", ProxyBed.V2)).Status.ShouldBe(204);
        (await OffsetsReadAsync("i")).ShouldBe([]);
        _bed.Log.AddTopic("pin.a");
        _bed.Log.AddTopic("other");
        await _bed.PostAsync("/topics/pin.a", """{"records":[{"value":1}]}""");
        (await ValuesReadAsync("i")).ShouldBe([1]);
        (await _bed.GetAsync("/consumers/g/instances/i/subscription")).Body.ShouldBe("""{"topics":["pin.a"]}""");
    }

    [Fact]
    public async Task Consumers_are_bounded()
    {
        await using var tight = await ProxyBed.StartAsync(new KafkaRestOptions { ConsumerInstancesMax = 1 });
        (await tight.PostAsync("/consumers/g", "{}", ProxyBed.V2)).Status.ShouldBe(200);
        (await tight.PostAsync("/consumers/g", "{}", ProxyBed.V2)).Status.ShouldBe(429);
    }

    private async Task CreateAsync(string group, string name, string reset = "latest", string format = "json", string topic = "one", string extra = "")
    {
        var created = await _bed.PostAsync(
            $"/consumers/{group}", $$"""{"name":"{{name}}","format":"{{format}}","auto.offset.reset":"{{reset}}"{{extra}}}""", ProxyBed.V2);
        created.Status.ShouldBe(200, created.Body);
        (await _bed.PostAsync($"/consumers/{group}/instances/{name}/subscription", $$"""{"topics":["{{topic}}"]}""", ProxyBed.V2)).Status.ShouldBe(204);
    }

    private async Task ProduceAsync(string topic, int from, int to)
    {
        var records = Enumerable.Range(from, to - from).Select(i => $$"""{"value":{{i}},"partition":{{i % 3}}}""");
        (await _bed.PostAsync($"/topics/{topic}", $$"""{"records":[{{string.Join(",", records)}}]}""")).Status.ShouldBe(200);
    }

    private Task<Answer> ReadAsync(string group, string name, int timeout = 1000) =>
        _bed.GetAsync($"/consumers/{group}/instances/{name}/records?timeout={timeout}", ProxyBed.Json);

    private async Task<string> CommittedAsync(string group, string name, string topic)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"partitions":[{"topic":"{{topic}}","partition":0}]}""");
        return (await _bed.SendAsync(HttpMethod.Get, $"/consumers/{group}/instances/{name}/offsets", body, ProxyBed.V2)).Body;
    }

    private async Task SeekAsync(string where, string body)
    {
        var answer = await _bed.PostAsync($"/consumers/g/instances/i/positions{where}", body, ProxyBed.V2);
        answer.Status.ShouldBe(204, answer.Body);
    }

    private Task<List<long>> OffsetsReadAsync(string name, string query = "timeout=0") => ReadFieldAsync(name, query, "offset");

    private Task<List<long>> ValuesReadAsync(string name) => ReadFieldAsync(name, "timeout=0", "value");

    private async Task<List<long>> ReadFieldAsync(string name, string query, string field)
    {
        var answer = await _bed.GetAsync($"/consumers/g/instances/{name}/records?{query}", ProxyBed.Json);
        answer.Status.ShouldBe(200, answer.Body);
        using var body = JsonDocument.Parse(answer.Body);
        return [.. body.RootElement.EnumerateArray().Select(r => r.GetProperty(field).GetInt64())];
    }

    private async Task<List<int>> AssignedAsync(string name)
    {
        using var body = JsonDocument.Parse((await _bed.GetAsync($"/consumers/g/instances/{name}/assignments")).Body);
        return [.. body.RootElement.GetProperty("partitions").EnumerateArray().Select(p => p.GetProperty("partition").GetInt32())];
    }
}
