using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Emulator;
using Sluice.Testing;

namespace Sluice.Unit.Emulator;

/// <summary>A Kinesis proxy API that stores what a script lets it store.</summary>
internal sealed class FakeStreams : IAsyncDisposable
{
    private readonly Func<FakePut, FakeStreamAnswer> _script;
    private LoopbackServer _server = null!;
    private int _puts;

    private FakeStreams(Func<FakePut, FakeStreamAnswer> script) => _script = script;

    public ConcurrentQueue<FakePut> Puts { get; } = new();

    /// <summary>Stored records.</summary>
    public ConcurrentQueue<FakeRecord> Stored { get; } = new();

    public Uri Url => _server.Address;

    public static async Task<FakeStreams> StartAsync(Func<FakePut, FakeStreamAnswer>? script = null)
    {
        var streams = new FakeStreams(script ?? (_ => new FakeStreamAnswer()));
        streams._server = await LoopbackServer.StartAsync(streams.AnswerAsync);
        return streams;
    }

    public IReadOnlyList<PostTarget> Targets(params string[] tables) =>
        [.. tables.Select(t => new PostTarget(t, "streaming-" + t, new Uri(Url, $"dev/streams/streaming-{t}")) { KeyColumn = "n" })];

    public Task<EmulatorReport> RunAsync(EmulatorOptions options, NumberedRows rows, params string[] tables) =>
        StreamEmulator.RunAsync(options, rows, Targets(tables), null, TimeProvider.System, CancellationToken.None);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var root = body.RootElement.Clone();
        var isMany = http.Request.Path.Value!.EndsWith("/records", StringComparison.Ordinal);
        FakeRecord[] records = isMany
            ? [.. root.GetProperty("records").EnumerateArray().Select(r => new FakeRecord(r.GetProperty("data"), r.GetProperty("partition-key").GetString()!))]
            : [new FakeRecord(root.GetProperty("Data"), root.GetProperty("PartitionKey").GetString()!)];
        var put = new FakePut(
            Interlocked.Increment(ref _puts), $"{http.Request.Method} {http.Request.Path}", http.Request.ContentType, root.GetRawText(), records);
        Puts.Enqueue(put);
        var answer = _script(put);
        http.Response.StatusCode = answer.Status;
        if (answer.Body is { } text)
        {
            await http.Response.WriteAsync(text);
            return;
        }

        var results = records.Select(r => answer.ErrorOf?.Invoke(r) is { } code
            ? $$"""{"ErrorCode":"{{code}}","ErrorMessage":"slow down"}"""
            : $$"""{"SequenceNumber":"495","ShardId":"shardId-000000000000"}""").ToArray();
        foreach (var record in records.Where(r => answer.ErrorOf?.Invoke(r) is null)) Stored.Enqueue(record);
        await http.Response.WriteAsync(isMany
            ? $$"""{"FailedRecordCount":{{results.Count(r => r.Contains("ErrorCode", StringComparison.Ordinal))}},"Records":[{{string.Join(',', results)}}]}"""
            : results[0]);
    }
}

internal sealed record FakeRecord(JsonElement Data, string Key)
{
    public long Number => Data.GetProperty("n").GetInt64();
}

internal sealed record FakePut(int Number, string Line, string? ContentType, string Body, FakeRecord[] Records);

internal sealed record FakeStreamAnswer(int Status = 200, string? Body = null, Func<FakeRecord, string?>? ErrorOf = null);
