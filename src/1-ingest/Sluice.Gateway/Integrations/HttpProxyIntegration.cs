using Microsoft.Extensions.Logging;
using Sluice.Gateway.Admission;
using Yarp.ReverseProxy.Forwarder;

namespace Sluice.Gateway.Integrations;

/// <summary>API Gateway's HTTP_PROXY: method, headers, query and body go to a URL as they came, the response comes back so.</summary>
internal sealed partial class HttpProxyIntegration(
    IHttpForwarder forwarder, HttpMessageInvoker client, UrlTemplate url, ILogger logger) : Integration
{
    private static readonly ForwarderRequestConfig s_config = new() { ActivityTimeout = Timeout.InfiniteTimeSpan };

    public override async ValueTask<GatewayResponse?> InvokeAsync(GatewayCall call, CancellationToken deadline)
    {
        var http = call.Http;
        var target = url.Fill(call.PathInStage, http.Request.QueryString.ToUriComponent());
        var error = await forwarder.SendAsync(http, target.GetLeftPart(UriPartial.Authority), client, s_config, new ToTarget(target), deadline);
        if (error == ForwarderError.None) return null;
        var failure = http.Features.Get<IForwarderErrorFeature>()?.Exception;
        if (deadline.IsCancellationRequested) return GatewayResponse.IntegrationTimeout;
        if (error is ForwarderError.RequestBodyClient or ForwarderError.RequestCanceled or ForwarderError.ResponseBodyClient) return null;
        LogFailure(logger, failure, target.GetLeftPart(UriPartial.Path), error);
        return failure is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }
            ? GatewayResponse.BadUpstream
            : GatewayResponse.IntegrationFailure;
    }

    [LoggerMessage(2, LogLevel.Warning, "{Target} did not answer ({Error}).")]
    private static partial void LogFailure(ILogger logger, Exception? failure, string target, ForwarderError error);

    private sealed class ToTarget(Uri target) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.RequestUri = target;
            // The target's own name is sent as the host.
            proxyRequest.Headers.Host = null;
        }
    }
}
