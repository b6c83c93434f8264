using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Polly;
using Polly.Retry;
using Sluice.Bytes;
using Sluice.Log.Aws;
using Sluice.SigV4;

namespace Sluice.Log.Kinesis.Client;

/// <summary>
/// Sends actions to Kinesis in JSON 1.1, signed (https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html). What passes (throttling,
/// faults of the service, broken connections) is tried again, with growing pauses.
/// </summary>
internal sealed class KinesisClient : IDisposable
{
    private static readonly MediaTypeHeaderValue s_type = new("application/x-amz-json-1.1");

    private static readonly HashSet<string> s_passing = new(StringComparer.Ordinal)
    {
        KinesisErrors.Throughput, "LimitExceededException", "KMSThrottlingException", "ThrottlingException", "Throttling", "RequestLimitExceeded",
    };

    private readonly KinesisLogLimits _limits;
    private readonly TimeProvider _time;
    private readonly Uri _endpoint;
    private readonly Signer _signer;
    private readonly CredentialSource _credentials;
    private readonly HttpMessageInvoker _http;
    private readonly ResiliencePipeline _retrying;

    public KinesisClient(KinesisLogOptions options, TimeProvider time)
    {
        _limits = options.Limits;
        _time = time;
        _endpoint = options.Endpoint ?? new Uri($"https://kinesis.{options.Region}.amazonaws.com/");
        _signer = new Signer(new SigningScope(options.Region, "kinesis"), time);
        _credentials = new CredentialSource(options.Credentials, static (message, cause) => new KinesisException(message, cause));
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !_endpoint.IsLoopback,
            // The service's name comes to mean other addresses within minutes.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = TimeSpan.FromSeconds(5),
        });
        _retrying = Retrying(_limits, time);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Sends an action; the answer is the caller's to dispose.</summary>
    /// <exception cref="KinesisException">Refused, or no answer within all tries.</exception>
    public async Task<ByteWriter> SendAsync(string action, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        try
        {
            return await _retrying.ExecuteAsync(
                static async (state, token) => await state.Client.TryAsync(state.Action, state.Body, token), (Client: this, Action: action, Body: body), cancel);
        }
        catch (PassingFaultException passing)
        {
            throw passing.Refusal ?? new KinesisException(
                $"Kinesis at {_endpoint} did not answer {action} {_limits.Attempts} times in a row ({passing.Message}); check the address and the network.", passing);
        }
    }

    /// <summary>Sends an action whose answer is small.</summary>
    public async Task<JsonDocument> SendAsync(string action, Action<Utf8JsonWriter> request, CancellationToken cancel)
    {
        using var answer = await SendAsync(action, KinesisRequest.Body(request), cancel);
        return answer.Length == 0 ? JsonDocument.Parse("{}") : JsonDocument.Parse(answer.Written.ToArray());
    }

    private async Task<ByteWriter> TryAsync(string action, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(_limits.AttemptTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = s_type;
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "Kinesis_20131202." + action);
        var credentials = await _credentials.GetAsync();
        _signer.Sign(request, body.Span, credentials);
        try
        {
            using var response = await _http.SendAsync(request, both.Token);
            var answer = await ReadAsync(response, both.Token);
            if (response.StatusCode == HttpStatusCode.OK) return answer;
            using (answer) throw Refused(action, response.StatusCode, answer.Written);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new PassingFaultException($"no answer within {_limits.AttemptTimeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException fault)
        {
            throw new PassingFaultException(fault.Message, fault);
        }
        catch (IOException fault) when (fault is not KinesisException)
        {
            throw new PassingFaultException(fault.Message, fault);
        }
    }

    private async Task<ByteWriter> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var length = Math.Clamp(response.Content.Headers.ContentLength ?? 4096, 256, _limits.AnswerBytes);
        var answer = new ByteWriter((int)length);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancel);
            for (int read; (read = await stream.ReadAsync(answer.GetMemory(4096), cancel)) > 0;)
            {
                answer.Advance(read);
                if (answer.Length > _limits.AnswerBytes) throw new KinesisException($"Kinesis answered with more than {_limits.AnswerBytes} bytes.");
            }

            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private static Exception Refused(string action, HttpStatusCode status, ReadOnlyMemory<byte> answer)
    {
        var (code, message) = KinesisErrors.Read(status, answer);
        var refusal = new KinesisException(action, code, message);
        return (int)status >= 500 || s_passing.Contains(code) ? new PassingFaultException(message) { Refusal = refusal } : refusal;
    }

    private static ResiliencePipeline Retrying(KinesisLogLimits limits, TimeProvider time) => limits.Attempts == 1
        ? ResiliencePipeline.Empty
        : new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Exception is PassingFaultException),
                MaxRetryAttempts = limits.Attempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = limits.FirstPause,
                MaxDelay = limits.LongestPause,
            })
            .Build();

    private sealed class PassingFaultException(string message, Exception? inner = null) : Exception(message, inner)
    {
        /// <summary>What Kinesis said, when it said something.</summary>
        public KinesisException? Refusal { get; init; }
    }
}
