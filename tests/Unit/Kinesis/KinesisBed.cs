using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Bytes;
using Sluice.Kinesis;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Unit.Kinesis;

/// <summary>The Kinesis endpoint over a real log in a private directory, on a loopback port, with a clock of its own.</summary>
internal sealed class KinesisBed : IAsyncDisposable
{
    public const string FirstShard = "shardId-000000000000";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-kinesis-");

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddDays(20_000).AddMilliseconds(7));

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public EmbeddedLog Log { get; private set; } = null!;

    public LoopbackServer Server { get; private set; } = null!;

    public KinesisService Service { get; private set; } = null!;

    public static async Task<KinesisBed> StartAsync(KinesisOptions? options = null)
    {
        var bed = new KinesisBed();
        await bed.StartServerAsync(options ?? new KinesisOptions());
        return bed;
    }

    /// <summary>Ends server and log and starts them again over the same directory.</summary>
    public async Task RestartAsync(KinesisOptions? options = null)
    {
        await StopAsync();
        await StartServerAsync(options ?? new KinesisOptions());
    }

    /// <summary>The answer of an action that succeeds; an empty object when it has no body.</summary>
    public async Task<JsonElement> CallAsync(string action, object request)
    {
        var (status, body) = await SendAsync(action, JsonSerializer.Serialize(request));
        status.ShouldBe(200, body);
        return JsonDocument.Parse(body.Length == 0 ? "{}" : body).RootElement;
    }

    /// <summary>The refusal of an action.</summary>
    public async Task<Refusal> RefusedAsync(string action, object request) => await RefusedTextAsync(action, JsonSerializer.Serialize(request));

    public async Task<Refusal> RefusedTextAsync(string action, string request)
    {
        var (status, body) = await SendAsync(action, request);
        status.ShouldBeGreaterThanOrEqualTo(400, body);
        var error = JsonDocument.Parse(body).RootElement;
        return new Refusal(status, error.GetProperty("__type").GetString()!, error.TryGetProperty("message", out var m) ? m.GetString()! : "");
    }

    public HttpRequestMessage Request(string action, string body) => new(HttpMethod.Post, "/")
    {
        Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1") } },
        Headers = { { "X-Amz-Target", "Kinesis_20131202." + action } },
    };

    public Task CreateAsync(string stream = "s", int shards = 1) => CallAsync("CreateStream", new { StreamName = stream, ShardCount = shards });

    /// <summary>Puts one text and returns the answer.</summary>
    public Task<JsonElement> PutAsync(string text, string key = "k", string stream = "s", string? hashKey = null) => CallAsync(
        "PutRecord",
        hashKey is null
            ? new { StreamName = stream, Data = Base64(text), PartitionKey = key }
            : new { StreamName = stream, Data = Base64(text), PartitionKey = key, ExplicitHashKey = hashKey });

    public async Task<string> IteratorAsync(
        string type = "TRIM_HORIZON", string shard = FirstShard, string? number = null, double? timestamp = null, string stream = "s")
    {
        var request = new Dictionary<string, object> { ["StreamName"] = stream, ["ShardId"] = shard, ["ShardIteratorType"] = type };
        if (number is not null) request["StartingSequenceNumber"] = number;
        if (timestamp is { } seconds) request["Timestamp"] = seconds;
        return (await CallAsync("GetShardIterator", request)).GetProperty("ShardIterator").GetString()!;
    }

    /// <summary>The texts of one GetRecords.</summary>
    public async Task<string[]> TextsAsync(string iterator) => Texts(await CallAsync("GetRecords", new { ShardIterator = iterator }));

    public static string[] Texts(JsonElement answer) =>
        [.. answer.GetProperty("Records").EnumerateArray().Select(r => Encoding.UTF8.GetString(r.GetProperty("Data").GetBytesFromBase64()))];

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Delete(recursive: true);
    }

    private async Task<(int Status, string Body)> SendAsync(string action, string request)
    {
        using var message = Request(action, request);
        using var response = await Server.Client.SendAsync(message);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task StartServerAsync(KinesisOptions options)
    {
        // What a loss of power does is the simulation's matter; here a sync per put would only take time.
        var logOptions = new EmbeddedLogOptions { Directory = Path.Combine(_directory.FullName, "log"), Durability = Durability.None };
        Log = EmbeddedLog.Open(logOptions, OsFileSystem.Instance, Time, NullLogger.Instance);
        Service = new KinesisService(Log, options, Time, NullLogger.Instance);
        Server = await LoopbackServer.StartAsync(Service.InvokeAsync);
    }

    private async Task StopAsync()
    {
        Service.EndSubscriptions();
        await Server.DisposeAsync();
        await Log.DisposeAsync();
    }
}

/// <summary>What an action was refused with.</summary>
internal sealed record Refusal(int Status, string Type, string Message);
