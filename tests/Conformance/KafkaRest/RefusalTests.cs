using System.Text;
using Sluice.Testing;

namespace Sluice.Conformance.KafkaRest;

/// <summary>Every produce request that is refused: its status, code and message, with good records sent beside it.</summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private const string Good = """{"records":[{"value":"good"}]}""";

    private ProxyBed _bed = null!;

    public async ValueTask InitializeAsync() => _bed = await ProxyBed.StartAsync();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Theory]
    [InlineData("""{"ind":1}""", 422, 422, "Unrecognized field: ind")]
    [InlineData("""{"records":[{"value":1}],"extra":1}""", 422, 422, "Unrecognized field: extra")]
    [InlineData("""{"records":[{"value":1,"headers":[]}]}""", 422, 422, "Unrecognized field: headers")]
    [InlineData("""{"records":[{"Value":1}]}""", 422, 422, "Unrecognized field: Value")]
    [InlineData("""{"a\u0022b":1}""", 422, 422, "Unrecognized field: a\\\"b")]
    [InlineData("", 422, 42206, "Payload error. Null input provided. Data is required.")]
    [InlineData(" \r\n\t", 422, 42206, "Payload error. Null input provided. Data is required.")]
    [InlineData("null", 422, 42206, "Payload error. Null input provided. Data is required.")]
    [InlineData("{}", 422, 422, "records must not be empty (was null)")]
    [InlineData("""{"records":[]}""", 422, 422, "records must not be empty (was [])")]
    [InlineData("[]", 400, 400, "the request body must be an object (was an array).")]
    [InlineData("1", 400, 400, "the request body must be an object (was a number).")]
    [InlineData("\"x\"", 400, 400, "the request body must be an object (was a string).")]
    [InlineData("""{"records":{}}""", 400, 400, "records must be an array (was an object).")]
    [InlineData("""{"records":"x"}""", 400, 400, "records must be an array (was a string).")]
    [InlineData("""{"records":[{"value":1},2]}""", 400, 400, "records[1] must be an object (was a number).")]
    [InlineData("""{"records":[null]}""", 400, 400, "records[0] must be an object (was null).")]
    [InlineData("""{"records":[{"partition":"0","value":1}]}""", 400, 400, "records[0].partition must be a 32-bit integer.")]
    [InlineData("""{"records":[{"partition":0.5,"value":1}]}""", 400, 400, "records[0].partition must be a 32-bit integer.")]
    [InlineData("""{"records":[{"partition":1e400,"value":1}]}""", 400, 400, "records[0].partition must be a 32-bit integer.")]
    [InlineData("""{"records":[{"partition":-1,"value":1}]}""", 422, 422, "records[0].partition must be greater than or equal to 0 (was -1)")]
    [InlineData("""{"records":[{"value":1,"value":2}]}""", 422, 422, "Duplicate field: value")]
    [InlineData("""{"records":[{"value":1}],"records":[{"value":2}]}""", 422, 422, "Duplicate field: records")]
    [InlineData("""{"records":[{"value":1}],"value_schema_id":"x"}""", 400, 400, "value_schema_id must be a 32-bit integer (was a string).")]
    [InlineData("""{"records":[{"value":1}],"key_schema":{}}""", 400, 400, "key_schema must be a string (was an object).")]
    public async Task A_wrong_request_is_refused_in_words(string body, int status, int code, string message)
    {
        (await _bed.PostAsync("/topics/one", body)).ShouldBe(
            new Answer(status, ProxyBed.V2, $$"""{"error_code":{{code}},"message":"{{message}}"}""", null));
        await OnlyGoodRecordsAreStored();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"records":[{"value":1}]""")]
    [InlineData("""{"records":[{"value":{"a":}}]}""")]
    [InlineData("""{"records":[{"value":01}]}""")]
    [InlineData("""{"records":[{"value":NaN}]}""")]
    [InlineData("""{"records":[{"value":'x'}]}""")]
    [InlineData("""{"records":[{"value":"x}]}""")]
    [InlineData("""{"records":[{"value":1},]}""")]
    [InlineData("""{"records":[{"value":1}]} x""")]
    [InlineData("""{"records":[{"value":1}]}{"records":[{"value":1}]}""")]
    [InlineData("""{"records":[{"value":"\x"}]}""")]
    [InlineData("{\"records\":[{\"value\":\"line\nbreak\"}]}")]
    [InlineData("""{"records":[{/**/"value":1}]}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""<records/>""")]
    public async Task Broken_json_is_400(string body)
    {
        var answer = await _bed.PostAsync("/topics/one", body);
        answer.Status.ShouldBe(400);
        answer.Body.ShouldStartWith("""{"error_code":400,"message":"Malformed JSON: """);
        await OnlyGoodRecordsAreStored();
    }

    [Theory]
    [InlineData(new byte[] { 0xff })]
    [InlineData(new byte[] { 0xc3 })]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 })]
    [InlineData(new byte[] { 0xc0, 0xaf })]
    public async Task Invalid_utf8_is_400(byte[] bytes)
    {
        byte[] body = [.. Encoding.UTF8.GetBytes("""{"records":[{"value":" """), .. bytes, .. Encoding.UTF8.GetBytes("\"}]}")];
        var answer = await _bed.SendAsync(HttpMethod.Post, "/topics/one", body, ProxyBed.Json);
        answer.Body.ShouldBe("""{"error_code":400,"message":"Malformed JSON: the request body is not valid UTF-8."}""");
        answer.Status.ShouldBe(400);
        await OnlyGoodRecordsAreStored();
    }

    [Theory]
    [InlineData("""{"records":[{"value":"???"}]}""", "value")]
    [InlineData("""{"records":[{"value":"YWJ"},{"value":"Y"}]}""", "value")]
    [InlineData("""{"records":[{"value":"YW Jj"}]}""", "value")]
    [InlineData("""{"records":[{"value":"YWJj===="}]}""", "value")]
    [InlineData("""{"records":[{"value":"YW=j"}]}""", "value")]
    [InlineData("""{"records":[{"value":1}]}""", "value")]
    [InlineData("""{"records":[{"value":{"a":1}}]}""", "value")]
    [InlineData("""{"records":[{"key":"%","value":"YWJj"}]}""", "key")]
    public async Task What_is_not_base64_is_422_in_the_binary_format(string body, string part)
    {
        (await _bed.PostAsync("/topics/one", body, ProxyBed.Binary)).ShouldBe(new Answer(
            422, ProxyBed.V2, $$"""{"error_code":422,"message":"Record {{part}} contains invalid base64 encoding"}""", null));
        await OnlyGoodRecordsAreStored();
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain; charset=utf-8")]
    [InlineData("application/vnd.kafka.v2+json")]
    [InlineData("application/vnd.kafka.json.v1+json")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Another_content_type_is_415(string contentType)
    {
        (await _bed.PostAsync("/topics/one", Good, contentType)).ShouldBe(
            new Answer(415, "application/json", """{"error_code":415,"message":"HTTP 415 Unsupported Media Type"}""", null));
        await OnlyGoodRecordsAreStored();
    }

    [Theory]
    [InlineData("""{"records":[{"key":1,"value":1}],"value_schema":"\"int\""}""", 42201, "Request includes keys but does not include key schema")]
    [InlineData("""{"records":[{"value":1}]}""", 42202, "Request includes values but does not include value schema")]
    [InlineData("""{"records":[{"value":1}],"value_schema_id":7}""", 42206, "Payload error. Schema Registry must be configured when using schemas.")]
    public async Task Formats_with_a_schema_are_refused_with_the_documented_codes(string body, int code, string message)
    {
        foreach (var format in new[] { "avro", "jsonschema", "protobuf" })
        {
            (await _bed.PostAsync("/topics/one", body, $"application/vnd.kafka.{format}.v2+json")).ShouldBe(
                new Answer(422, ProxyBed.V2, $$"""{"error_code":{{code}},"message":"{{message}}"}""", null));
        }

        await OnlyGoodRecordsAreStored();
    }

    [Fact]
    public async Task Nesting_without_end_is_400_and_deep_nesting_is_taken()
    {
        var bomb = $$"""{"records":[{"value":{{new string('[', 1_000_000)}}""";
        (await _bed.PostAsync("/topics/one", bomb)).Status.ShouldBe(400);
        await OnlyGoodRecordsAreStored();
        var deep = $$"""{"records":[{"value":{{new string('[', 1000)}}{{new string(']', 1000)}}}]}""";
        (await _bed.PostAsync("/topics/one", deep)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_byte_order_mark_before_the_body_is_taken_as_none()
    {
        (await _bed.PostAsync("/topics/one", "\uFEFF" + Good)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413_with_and_without_a_declared_length()
    {
        await using var small = await ProxyBed.StartAsync(new() { RequestBytesMax = 1000 });
        var body = Encoding.UTF8.GetBytes($$"""{"records":[{"value":"{{new string('x', 2000)}}"}]}""");
        var tooLarge = new Answer(413, ProxyBed.V2, """{"error_code":413,"message":"HTTP 413 Request Entity Too Large"}""", null);
        (await small.SendAsync(HttpMethod.Post, "/topics/one", body, ProxyBed.Json)).ShouldBe(tooLarge);
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/topics/one") { Content = new ByteArrayContent(body) };
        chunked.Headers.TransferEncodingChunked = true;
        chunked.Content.Headers.TryAddWithoutValidation("Content-Type", ProxyBed.Json);
        using var answer = await small.Server.Client.SendAsync(chunked);
        ((int)answer.StatusCode).ShouldBe(413);
    }

    [Fact]
    public async Task A_body_larger_than_the_web_servers_default_is_taken_within_the_proxys_own_limit()
    {
        var values = string.Join(",", Enumerable.Repeat($$"""{"value":"{{new string('x', 1_000_000)}}"}""", 32));
        (await _bed.PostAsync("/topics/one", $$"""{"records":[{{values}}]}""")).Status.ShouldBe(200);
        _bed.Log.Records("one").Count.ShouldBe(32);
    }

    [Fact]
    public async Task A_request_of_too_many_records_is_413()
    {
        await using var small = await ProxyBed.StartAsync(new() { RequestRecordsMax = 2 });
        (await small.PostAsync("/topics/one", """{"records":[{},{}]}""")).Status.ShouldBe(200);
        (await small.PostAsync("/topics/one", """{"records":[{},{},{}]}""")).Status.ShouldBe(413);
    }

    [Theory]
    [InlineData("GARBAGE\r\n\r\n")]
    [InlineData("POST /topics/one HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n")]
    [InlineData("POST /topics/one HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.kafka.json.v2+json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")]
    [InlineData("GET /topics HTTP/9.9\r\nHost: x\r\n\r\n")]
    [InlineData("POST /topics/one HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.kafka.json.v2+json\r\nContent-Length: 2\r\n\r\n{}garbage behind the body\r\n\r\n")]
    public async Task What_is_not_http_is_refused_and_the_process_stays_up(string bytes)
    {
        using var connection = await _bed.Server.ConnectAsync();
        await connection.SendAsync(bytes);
        RawResponse? last = null;
        while (await connection.ReceiveAsync() is { } answer) last = answer;
        last.ShouldNotBeNull().Status.ShouldBeOneOf(400, 505);
        await OnlyGoodRecordsAreStored();
    }

    [Fact]
    public async Task Clients_that_vanish_in_the_middle_of_a_body_harm_nobody()
    {
        for (var i = 0; i < 20; i++)
        {
            using var connection = await _bed.Server.ConnectAsync();
            await connection.SendAsync(
                "POST /topics/one HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.kafka.json.v2+json\r\nContent-Length: 1000\r\n\r\n{\"records\":[");
            if (i % 2 == 0) connection.Reset();
        }

        await OnlyGoodRecordsAreStored();
    }

    private async Task OnlyGoodRecordsAreStored()
    {
        (await _bed.PostAsync("/topics/one", Good)).Status.ShouldBe(200);
        Encoding.UTF8.GetString(_bed.Log.Records("one").ShouldHaveSingleItem().Value!).ShouldBe("\"good\"");
    }
}
