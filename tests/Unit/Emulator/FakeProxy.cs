using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sluice.Unit.Emulator;

/// <summary>A Kafka REST proxy that answers as a script tells it, and remembers what it stored.</summary>
internal sealed class FakeProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Func<FakePost, FakeAnswer> _script;
    private readonly Lock _gate = new();
    private readonly List<(long Count, TaskCompletionSource Reached)> _waiters = [];
    private int _posts;

    private FakeProxy(Func<FakePost, FakeAnswer> script)
    {
        _script = script;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>Values stored, by topic, in the order of arrival.</summary>
    public ConcurrentDictionary<string, ConcurrentQueue<JsonElement>> Stored { get; } = new();

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    public int StoredCount => Stored.Values.Sum(q => q.Count);

    public static async Task<FakeProxy> StartAsync(Func<FakePost, FakeAnswer>? script = null)
    {
        var proxy = new FakeProxy(script ?? (_ => new FakeAnswer()));
        await proxy._app.StartAsync();
        proxy.Url = new Uri(proxy._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return proxy;
    }

    /// <summary>Completes when this many values are stored; fails after a minute, so that a lost record does not hang the run.</summary>
    public Task StoredAsync(long count)
    {
        lock (_gate)
        {
            if (StoredCount >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        JsonElement[] values = [.. body.RootElement.GetProperty("records").EnumerateArray().Select(r => r.GetProperty("value").Clone())];
        var post = new FakePost(
            Interlocked.Increment(ref _posts), context.Request.Path, context.Request.ContentType, context.Request.Headers["x-api-key"], values);
        var answer = _script(post);
        if (answer.Hold is { } hold)
        {
            await hold.WaitAsync(context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        if (answer.Status == 200)
        {
            Store(post, answer);
        }

        if (answer.Drop)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = answer.Status;
        if (answer.RetryAfter is { } retryAfter)
        {
            context.Response.Headers.RetryAfter = retryAfter.ToString(CultureInfo.InvariantCulture);
        }

        context.Response.ContentType = "application/vnd.kafka.v2+json";
        await context.Response.WriteAsync(answer.Body ?? Offsets(values, answer));
    }

    private void Store(FakePost post, FakeAnswer answer)
    {
        lock (_gate)
        {
            var queue = Stored.GetOrAdd(post.Topic, _ => new ConcurrentQueue<JsonElement>());
            foreach (var value in post.Values.Where(v => answer.ErrorOf?.Invoke(v) is null))
            {
                queue.Enqueue(value);
            }

            foreach (var waiter in _waiters.Where(w => StoredCount >= w.Count).ToList())
            {
                waiter.Reached.TrySetResult();
                _waiters.Remove(waiter);
            }
        }
    }

    private static string Offsets(JsonElement[] values, FakeAnswer answer)
    {
        var offsets = values.Select((v, at) => answer.ErrorOf?.Invoke(v) is { } code
            ? $$"""{"partition":null,"offset":null,"error_code":{{code}},"error":"record refused"}"""
            : $$"""{"partition":0,"offset":{{at}},"error_code":null,"error":null}""");
        return $$"""{"offsets":[{{string.Join(',', offsets)}}],"key_schema_id":null,"value_schema_id":null}""";
    }
}

internal sealed record FakePost(int Number, string Path, string? ContentType, string? ApiKey, JsonElement[] Values)
{
    public string Topic => Path.Split('/')[^1];
}

/// <param name="Drop">Whether the connection breaks instead of an answer; with status 200 the records are stored before.</param>
/// <param name="Hold">What the answer waits for.</param>
internal sealed record FakeAnswer(
    int Status = 200, string? Body = null, int? RetryAfter = null, bool Drop = false, Func<JsonElement, int?>? ErrorOf = null, Task? Hold = null);
