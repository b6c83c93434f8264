using System.Buffers;
using System.Net.Sockets;

namespace Sluice.Emulator;

/// <summary>Sends one try of a post and reads its answer. Whatever goes wrong on the way is an answer too.</summary>
internal sealed class PostClient : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly EmulatorOptions _options;
    private readonly TimeProvider _time;

    public PostClient(EmulatorOptions options, IReadOnlyList<PostTarget> targets, TimeProvider time)
    {
        _options = options;
        _time = time;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = options.InFlight * targets.Count,
            // A name that moves to another address is followed within minutes.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = options.AttemptTimeout,
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy of the environment must not come between this process and its own machine.
            UseProxy = !targets.All(t => t.Url.IsLoopback),
            ActivityHeadersPropagator = null,
        });
    }

    public void Dispose() => _http.Dispose();

    public async Task<PostAnswer> TryAsync(Uri url, Post post)
    {
        using var timeout = new CancellationTokenSource(_options.AttemptTimeout, _time);
        try
        {
            using var request = new HttpRequestMessage(post.Format.Method, url) { Content = new PostContent(post) };
            if (_options.ApiKey is { } key)
            {
                request.Headers.TryAddWithoutValidation("x-api-key", key);
            }

            using var response = await _http.SendAsync(request, timeout.Token);
            return await ReadAsync(response, post, timeout.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return PostAnswer.None($"no answer within {_options.AttemptTimeout.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            return PostAnswer.None(Innermost(e));
        }
    }

    private async Task<PostAnswer> ReadAsync(HttpResponseMessage response, Post post, CancellationToken cancel)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        var expected = (int)Math.Clamp(response.Content.Headers.ContentLength ?? 0, 4096, EmulatorLimits.AnswerBytes);
        var buffer = ArrayPool<byte>.Shared.Rent(expected);
        try
        {
            var length = 0;
            for (int read; (read = await stream.ReadAsync(buffer.AsMemory(length), cancel)) > 0;)
            {
                length += read;
                if (length == buffer.Length && !TryGrow(ref buffer))
                {
                    return PostAnswer.None($"an answer longer than {EmulatorLimits.AnswerBytes} bytes");
                }
            }

            return post.Format.ReadAnswer(response.StatusCode, buffer.AsSpan(0, length), RetryAfterOf(response), post);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool TryGrow(ref byte[] buffer)
    {
        if (buffer.Length > EmulatorLimits.AnswerBytes)
        {
            return false;
        }

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
        return true;
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;
}
