using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Sluice.Bench;

/// <summary>The actions around the measured load, and the load of reading, which wrk cannot make.</summary>
internal sealed class KinesisActions(Uri address) : IDisposable
{
    /// <summary>What a server that checks no signature wants to see of one.</summary>
    public const string Authorization = "AWS4-HMAC-SHA256 Credential=AKID/20261101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00";

    public const string Date = "20261101T000000Z";
    public const string ContentType = "application/x-amz-json-1.1";
    public const string TargetPrefix = "Kinesis_20131202.";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    public void Dispose() => _http.Dispose();

    public async Task<byte[]> SendAsync(string action, byte[] body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        request.Headers.TryAddWithoutValidation("X-Amz-Target", TargetPrefix + action);
        request.Headers.TryAddWithoutValidation("X-Amz-Date", Date);
        request.Headers.TryAddWithoutValidation("Authorization", Authorization);
        using var response = await _http.SendAsync(request, cancel);
        var answer = await response.Content.ReadAsByteArrayAsync(cancel);
        return response.IsSuccessStatusCode ? answer : throw new InvalidOperationException($"{address} answered {action}: {Encoding.UTF8.GetString(answer)}");
    }

    public async Task<JsonElement> SendAsync(string action, object body, CancellationToken cancel) =>
        JsonElement.Parse(await SendAsync(action, JsonSerializer.SerializeToUtf8Bytes(body), cancel) is { Length: > 0 } answer ? answer : "{}"u8.ToArray());

    /// <summary>Creates a stream and waits until it takes records.</summary>
    public async Task CreateAsync(string stream, int shards, CancellationToken cancel)
    {
        await SendAsync("CreateStream", new { StreamName = stream, ShardCount = shards }, cancel);
        while (await StatusAsync(stream, cancel) != "ACTIVE") await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancel);
    }

    /// <summary>Reads a shard from its beginning until enough data or its end; gives the bytes of data.</summary>
    public async Task<long> ReadAsync(string stream, int shard, long bytesMax, CancellationToken cancel)
    {
        var shardId = string.Create(CultureInfo.InvariantCulture, $"shardId-{shard:D12}");
        var begun = await SendAsync("GetShardIterator", new { StreamName = stream, ShardId = shardId, ShardIteratorType = "TRIM_HORIZON" }, cancel);
        var iterator = begun.GetProperty("ShardIterator").GetString();
        long read = 0;
        while (iterator is not null && read < bytesMax)
        {
            var answer = await SendAsync("GetRecords", JsonSerializer.SerializeToUtf8Bytes(new { ShardIterator = iterator }), cancel);
            var (bytes, next) = Count(answer);
            read += bytes;
            iterator = bytes == 0 ? null : next;
        }

        return read;
    }

    private async Task<string?> StatusAsync(string stream, CancellationToken cancel)
    {
        var answer = await SendAsync("DescribeStreamSummary", new { StreamName = stream }, cancel);
        return answer.GetProperty("StreamDescriptionSummary").GetProperty("StreamStatus").GetString();
    }

    private static (long Bytes, string? Next) Count(byte[] answer)
    {
        long bytes = 0;
        string? next = null;
        var reader = new Utf8JsonReader(answer);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName) continue;
            var isData = reader.ValueTextEquals("Data"u8);
            var isNext = reader.ValueTextEquals("NextShardIterator"u8);
            reader.Read();
            if (isData) bytes += reader.ValueSpan.Length / 4 * 3;
            else if (isNext) next = reader.GetString();
        }

        return (bytes, next);
    }
}
