using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Gateway.Config;
using Sluice.Kinesis;
using Sluice.Log;
using Sluice.SigV4;
using Sluice.Testing;

namespace Sluice.Conformance.Gateway;

/// <summary>The Kinesis proxy API: what each request becomes, and what becomes of the answer.</summary>
public sealed class KinesisRouteTests
{
    private const string Json = "application/json";

    public static TheoryData<string, string, string?, string, string> Mappings => new()
    {
        { "GET", "/dev/streams", null, "ListStreams", "{}" },
        { "GET", "/dev/streams/s-1", null, "DescribeStream", """{"StreamName":"s-1"}""" },
        { "DELETE", "/dev/streams/s-1", null, "DeleteStream", """{"StreamName":"s-1"}""" },
        { "POST", "/dev/streams/s-1", null, "CreateStream", """{"StreamName":"s-1","ShardCount":5}""" },
        { "POST", "/dev/streams/s-1", "{}", "CreateStream", """{"StreamName":"s-1","ShardCount":5}""" },
        { "POST", "/dev/streams/s-1", """{"ShardCount":""}""", "CreateStream", """{"StreamName":"s-1","ShardCount":5}""" },
        { "POST", "/dev/streams/s-1", """{"ShardCount": 2}""", "CreateStream", """{"StreamName":"s-1","ShardCount":2}""" },
        { "POST", "/dev/streams/s-1", """{"ShardCount":"12"}""", "CreateStream", """{"StreamName":"s-1","ShardCount":12}""" },
        { "GET", "/dev/streams/s-1/sharditerator?shard-id=shardId-000000000001", null, "GetShardIterator",
          """{"StreamName":"s-1","ShardIteratorType":"TRIM_HORIZON","ShardId":"shardId-000000000001"}""" },
        { "PUT", "/dev/streams/s-1/record", """{"StreamName":"YourStreamName","Data":{"index": 7,"t":"é\n"},"PartitionKey":"k\"1"}""", "PutRecord",
          $$"""{"StreamName":"s-1","Data":"{{Base64("""{"index": 7,"t":"é\n"}""")}}","PartitionKey":"k\"1"}""" },
        { "PUT", "/dev/streams/s-1/record", """{"PartitionKey":7,"Data":"text"}""", "PutRecord",
          $$"""{"StreamName":"s-1","Data":"{{Base64("\"text\"")}}","PartitionKey":"7"}""" },
        { "PUT", "/dev/streams/s-1/record", """{"Data":1,"Data":[2],"Other":{"Data":3},"PartitionKey":"a","PartitionKey":"b"}""", "PutRecord",
          $$"""{"StreamName":"s-1","Data":"{{Base64("[2]")}}","PartitionKey":"b"}""" },
        { "PUT", "/dev/streams/s-1/record", "{}", "PutRecord", $$"""{"StreamName":"s-1","Data":"{{Base64("\"\"")}}","PartitionKey":""}""" },
        { "PUT", "/dev/streams/a%20b%22/record", """{"Data":null,"PartitionKey":"k"}""", "PutRecord",
          $$"""{"StreamName":"a b\u0022","Data":"{{Base64("null")}}","PartitionKey":"k"}""" },
        { "PUT", "/dev/streams/s-1/records", """{"records":[{"data":{"a":1},"partition-key":"k1"},{"data":"plain \u00e9","partition-key":2},{}]}""", "PutRecords",
          $$"""{"StreamName":"s-1","Records":[{"Data":"{{Base64("""{"a":1}""")}}","PartitionKey":"k1"},{"Data":"{{Base64("plain é")}}","PartitionKey":"2"},{"Data":"","PartitionKey":""}]}""" },
        { "PUT", "/dev/streams/s-1/records", """{"records":[]}""", "PutRecords", """{"StreamName":"s-1","Records":[]}""" },
    };

    [Theory, MemberData(nameof(Mappings))]
    public async Task A_request_becomes_what_the_described_template_makes_of_it(string method, string path, string? body, string action, string mapped)
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: EchoAsync);
        var content = body is null ? null : new StringContent(body, Encoding.UTF8, Json);
        var (status, answer, _) = await bed.SendAsync(new HttpMethod(method), path, content, ("Authorization", "AWS4-HMAC-SHA256 of the caller"));
        status.ShouldBe(200, answer);
        answer.ShouldBe($"POST / Kinesis_20131202.{action} application/x-amz-json-1.1 {Encoding.UTF8.GetByteCount(mapped)} auth= {mapped}");
        if (mapped.Contains("\"Data\"", StringComparison.Ordinal)) JsonElement.Parse(mapped).ValueKind.ShouldBe(JsonValueKind.Object);
    }

    [Fact]
    public async Task An_iterator_comes_from_its_header()
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: EchoAsync);
        var (_, answer, _) = await bed.SendAsync(HttpMethod.Get, "/dev/streams/s/records", null, ("Shard-Iterator", "AAA=="));
        answer.ShouldEndWith("""Kinesis_20131202.GetRecords application/x-amz-json-1.1 25 auth= {"ShardIterator":"AAA=="}""");
    }

    [Theory]
    [InlineData("application/json", 200)]
    [InlineData("Application/JSON; charset=utf-8", 200)]
    [InlineData(null, 200)]
    [InlineData("application/vnd.kafka.json.v2+json", 415)]
    [InlineData("text/plain", 415)]
    public async Task Only_json_has_a_template(string? type, int status)
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: EchoAsync);
        var content = new ByteArrayContent("""{"Data":1,"PartitionKey":"k"}"""u8.ToArray());
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        var answer = await bed.SendAsync(HttpMethod.Put, "/dev/streams/s/record", content);
        answer.Status.ShouldBe(status);
        if (status == 415) answer.Body.ShouldBe("""{"message": "Unsupported Media Type"}""");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"Data\":1} x")]
    [InlineData("Data=1&PartitionKey=2")]
    [InlineData("{\"Data\":tru,\"PartitionKey\":\"k\"}")]
    [InlineData("{\"records\":[{\"data\":\"\\ud800\"}]}", "/dev/streams/s/records")]
    public async Task A_body_that_is_no_json_is_400_in_the_gateways_words(string body, string path = "/dev/streams/s/record")
    {
        var calls = 0;
        await using var bed = await GatewayBed.StartAsync(kinesis: http =>
        {
            calls++;
            return EchoAsync(http);
        });
        var answer = await bed.SendAsync(HttpMethod.Put, path, new StringContent(body, Encoding.UTF8, Json));
        (answer.Status, answer.ErrorType).ShouldBe((400, "BadRequestException"));
        JsonElement.Parse(answer.Body).GetProperty("message").GetString()!.ShouldStartWith("Could not parse request body into json: ");
        calls.ShouldBe(0);
    }

    [Fact]
    public async Task The_answer_of_kinesis_keeps_status_and_body_and_gets_the_gateways_headers()
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: async http =>
        {
            http.Response.StatusCode = 400;
            http.Response.ContentType = "application/x-amz-json-1.1";
            http.Response.Headers["x-amzn-RequestId"] = "of kinesis";
            http.Response.Headers["x-amz-id-2"] = "of kinesis";
            await http.Response.WriteAsync("""{"__type":"ResourceNotFoundException"}""");
        });
        using var response = await bed.Client.GetAsync("/dev/streams/none");
        ((int)response.StatusCode).ShouldBe(400);
        response.Content.Headers.ContentType!.ToString().ShouldBe("application/json");
        GatewayBed.Header(response, "x-amzn-RequestId").ShouldNotBeNull().Length.ShouldBe(36);
        GatewayBed.Header(response, "x-amz-id-2").ShouldBeNull();
        (await response.Content.ReadAsStringAsync()).ShouldBe("""{"__type":"ResourceNotFoundException"}""");
    }

    [Fact]
    public async Task A_body_of_megabytes_in_many_pieces_is_mapped_whole()
    {
        var text = new string('x', 9_000_000);
        var length = 0;
        await using var bed = await GatewayBed.StartAsync(kinesis: async http =>
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body);
            length = body.RootElement.GetProperty("Data").GetBytesFromBase64().Length;
        });
        foreach (var chunked in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "/dev/streams/s/record")
            {
                Content = new StringContent($$"""{"Data":"{{text}}","PartitionKey":"k"}""", Encoding.UTF8, Json),
            };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await bed.Client.SendAsync(request);
            ((int)response.StatusCode).ShouldBe(200);
            length.ShouldBe(text.Length + 2);
        }
    }

    [Fact]
    public async Task Keys_cors_and_payload_limits_hold_for_streams_too()
    {
        var config = new GatewayConfig
        {
            PayloadBytesMax = 100,
            ApiKeys = new() { ["poster"] = new ApiKeyConfig { Value = "0123456789abcdefghij" } },
            Stages = new() { ["dev"] = new StageConfig { ApiKeyRequired = true, Cors = new CorsConfig() } },
        };
        await using var bed = await GatewayBed.StartAsync(config, kinesis: EchoAsync);
        (await bed.SendAsync(HttpMethod.Get, "/dev/streams")).Status.ShouldBe(403);
        (await bed.SendAsync(HttpMethod.Get, "/dev/streams", null, ("x-api-key", "0123456789abcdefghij"))).Status.ShouldBe(200);
        var preflight = await bed.SendAsync(HttpMethod.Options, "/dev/streams/s/record", null, ("Origin", "http://x"), ("Access-Control-Request-Method", "PUT"));
        preflight.Status.ShouldBe(200);
        using var large = new HttpRequestMessage(HttpMethod.Put, "/dev/streams/s/record") { Content = new StringContent(new string(' ', 101), Encoding.UTF8, Json) };
        large.Headers.Add("x-api-key", "0123456789abcdefghij");
        large.Headers.TransferEncodingChunked = true;
        using var refused = await bed.Client.SendAsync(large);
        ((int)refused.StatusCode).ShouldBe(413);
    }

    [Fact]
    public async Task Kinesis_at_a_url_gets_the_same_request()
    {
        await using var upstream = await LoopbackServer.StartAsync(EchoAsync);
        var routes = DefaultRoutes.Kinesis.Select(route => route with { Integration = upstream.Address.ToString() });
        await using var bed = await GatewayBed.StartAsync(new GatewayConfig { Stages = new() { ["dev"] = new StageConfig { Routes = [.. routes] } } });
        using var response = await bed.Client.PutAsync("/dev/streams/s/record", new StringContent("""{"Data":{"a":1},"PartitionKey":"k"}""", Encoding.UTF8, Json));
        var mapped = $$"""{"StreamName":"s","Data":"{{Base64("""{"a":1}""")}}","PartitionKey":"k"}""";
        (await response.Content.ReadAsStringAsync()).ShouldBe($"POST / Kinesis_20131202.PutRecord application/x-amz-json-1.1 {mapped.Length} auth= {mapped}");
        response.Content.Headers.ContentType!.ToString().ShouldBe("application/json");
    }

    [Fact]
    public async Task Kinesis_at_a_url_is_asked_with_the_gateways_own_signature()
    {
        using var folder = new TemporaryFolder();
        await using var log = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = folder.At("log") }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        var options = new KinesisOptions { Credentials = [new Credentials("AKIDEXAMPLE", "of the gateway")] };
        var service = new KinesisService(log, options, TimeProvider.System, NullLogger.Instance);
        await using var kinesis = await LoopbackServer.StartAsync(service.InvokeAsync);
        var routes = DefaultRoutes.Kinesis.Select(route => route with { Integration = kinesis.Address.ToString() });
        var config = new GatewayConfig { Stages = new() { ["dev"] = new StageConfig { Routes = [.. routes] } } };

        await using (var unsigned = await GatewayBed.StartAsync(config)) (await unsigned.SendAsync(HttpMethod.Get, "/dev/streams")).Status.ShouldBe(400);
        var aws = new AwsConfig { AccessKeyId = "AKIDEXAMPLE", SecretAccessKey = "of the gateway" };
        aws.ToString().ShouldNotContain("of the gateway");
        await using var signed = await GatewayBed.StartAsync(config with { Aws = aws });
        await TourAsync(signed);
    }

    [Fact]
    public async Task The_whole_api_works_over_kinesis_in_this_process()
    {
        using var folder = new TemporaryFolder();
        await using var log = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = folder.At("log") }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        var options = new KinesisOptions { Credentials = [new Credentials("AKIDEXAMPLE", "nobody here has it")] };
        var service = new KinesisService(log, options, TimeProvider.System, NullLogger.Instance);
        await using var bed = await GatewayBed.StartAsync(kinesis: service.InvokeTrustedAsync);
        await TourAsync(bed);
    }

    /// <summary>The described streaming scripts from the creation of a stream to its records.</summary>
    private static async Task TourAsync(GatewayBed bed)
    {
        (await bed.SendAsync(HttpMethod.Post, "/dev/streams/s", Body("""{"ShardCount":1}"""))).Status.ShouldBe(200);
        JsonElement.Parse((await bed.SendAsync(HttpMethod.Get, "/dev/streams")).Body).GetProperty("StreamNames")[0].GetString().ShouldBe("s");
        var described = JsonElement.Parse((await bed.SendAsync(HttpMethod.Get, "/dev/streams/s")).Body).GetProperty("StreamDescription");
        var shard = described.GetProperty("Shards")[0].GetProperty("ShardId").GetString();

        var put = await bed.SendAsync(HttpMethod.Put, "/dev/streams/s/record", Body("""{"StreamName":"YourStreamName","Data":{"n":1},"PartitionKey":"k"}"""));
        (put.Status, JsonElement.Parse(put.Body).GetProperty("ShardId").GetString()).ShouldBe((200, shard));
        var many = await bed.SendAsync(HttpMethod.Put, "/dev/streams/s/records", Body("""{"records":[{"data":"two","partition-key":"k"},{"data":[3],"partition-key":"k"}]}"""));
        JsonElement.Parse(many.Body).GetProperty("FailedRecordCount").GetInt32().ShouldBe(0);
        (await bed.SendAsync(HttpMethod.Put, "/dev/streams/none/record", Body("""{"Data":1,"PartitionKey":"k"}"""))).Body.ShouldContain("ResourceNotFoundException");
        (await bed.SendAsync(HttpMethod.Put, "/dev/streams/s/record", Body("""{"Data":1}"""))).Status.ShouldBe(400);

        var iterator = JsonElement.Parse((await bed.SendAsync(HttpMethod.Get, $"/dev/streams/s/sharditerator?shard-id={shard}")).Body).GetProperty("ShardIterator").GetString()!;
        var records = JsonElement.Parse((await bed.SendAsync(HttpMethod.Get, "/dev/streams/s/records", null, ("Shard-Iterator", iterator))).Body).GetProperty("Records");
        records.EnumerateArray().Select(r => Encoding.UTF8.GetString(r.GetProperty("Data").GetBytesFromBase64())).ShouldBe(["""{"n":1}""", "two", "[3]"]);
        (await bed.SendAsync(HttpMethod.Delete, "/dev/streams/s")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Two_requests_on_one_connection_do_not_see_each_other()
    {
        await using var bed = await GatewayBed.StartAsync(kinesis: EchoAsync);
        using var connection = await bed.Server.ConnectAsync();
        foreach (var key in new[] { "first", "second" })
        {
            var body = $$"""{"Data":1,"PartitionKey":"{{key}}"}""";
            await connection.SendAsync($"PUT /dev/streams/s/record HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            (await connection.ReceiveAsync()).ShouldNotBeNull().Body.ShouldContain($"\"PartitionKey\":\"{key}\"");
            await connection.SendAsync("GET /dev/topics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
            (await connection.ReceiveAsync()).ShouldNotBeNull().Body.ShouldBe("GET /dev|/topics|?x=1 0");
        }
    }

    private static StringContent Body(string json) => new(json, Encoding.UTF8, Json);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async Task EchoAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var request = http.Request;
        var text = $"{request.Method} {request.Path} {request.Headers["X-Amz-Target"]} {request.ContentType} {request.ContentLength} auth={request.Headers.Authorization} {await reader.ReadToEndAsync()}";
        http.Response.ContentType = "application/x-amz-json-1.1";
        http.Response.ContentLength = Encoding.UTF8.GetByteCount(text);
        await http.Response.WriteAsync(text);
    }
}
