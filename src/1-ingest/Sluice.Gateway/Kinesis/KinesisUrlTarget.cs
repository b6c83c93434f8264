using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Sluice.Gateway.Integrations;

namespace Sluice.Gateway.Kinesis;

/// <summary>Signs a request with these bytes as its body.</summary>
internal delegate void SignRequest(HttpRequestMessage request, ReadOnlySpan<byte> body);

/// <summary>Kinesis at a URL: AWS's own, or an emulator. The caller's own signature stays here: the gateway signs for itself.</summary>
internal sealed partial class KinesisUrlTarget(HttpMessageInvoker client, Uri url, SignRequest? sign, ILogger logger) : KinesisTarget
{
    private static readonly MediaTypeHeaderValue s_type = new(KinesisWire.ContentType);

    public override async ValueTask<GatewayResponse?> SendAsync(
        GatewayCall call, KinesisAction action, ReadOnlyMemory<byte> body, CancellationToken deadline)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = s_type;
        request.Headers.TryAddWithoutValidation(KinesisWire.TargetHeader, action.Target);
        sign?.Invoke(request, body.Span);
        try
        {
            using var answer = await client.SendAsync(request, deadline);
            var response = call.Http.Response;
            response.StatusCode = (int)answer.StatusCode;
            response.ContentType = KinesisWire.AnswerType;
            response.ContentLength = answer.Content.Headers.ContentLength;
            await answer.Content.CopyToAsync(response.Body, deadline);
            return null;
        }
        catch (HttpRequestException failure)
        {
            LogFailure(logger, failure, url, failure.HttpRequestError);
            return failure.HttpRequestError == HttpRequestError.InvalidResponse ? GatewayResponse.BadUpstream : GatewayResponse.IntegrationFailure;
        }
    }

    [LoggerMessage(3, LogLevel.Warning, "Kinesis at {Url} did not answer ({Error}).")]
    private static partial void LogFailure(ILogger logger, Exception failure, Uri url, HttpRequestError error);
}
