using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Buffers;
using Microsoft.AspNetCore.Http.Features;
using Sluice.Gateway.Integrations;

namespace Sluice.Gateway.Kinesis;

/// <summary>
/// Kinesis in this process, called with the same context: the request in it becomes the request to Kinesis, without any header of the
/// caller's, and the answer keeps status and body and gets the gateway's own headers.
/// </summary>
internal sealed class KinesisServiceTarget(ServiceCall service) : KinesisTarget
{
    private const string RequestIdHeader = "x-amzn-RequestId";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<GatewayResponse?> SendAsync(
        GatewayCall call, KinesisAction action, ReadOnlyMemory<byte> body, CancellationToken deadline)
    {
        var http = call.Http;
        http.Response.OnStarting(GatewayHeaders.RestoreAsync, new GatewayHeaders(http, http.Response.Headers[RequestIdHeader]));
        Become(http, action, body);
        return await service.InvokeAsync(http, call.Path, deadline);
    }

    private static void Become(HttpContext http, KinesisAction action, ReadOnlyMemory<byte> body)
    {
        var request = http.Request;
        var host = request.Host;
        request.Method = HttpMethods.Post;
        request.PathBase = PathString.Empty;
        request.Path = "/";
        request.QueryString = QueryString.Empty;
        request.Headers.Clear();
        request.Host = host;
        request.ContentType = KinesisWire.ContentType;
        request.ContentLength = body.Length;
        request.Headers[KinesisWire.TargetHeader] = action.Target;
        MemoryMarshal.TryGetArray(body, out var array);
        request.Body = new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
        http.Features.Set<IRequestBodyPipeFeature>(new MappedBody(PipeReader.Create(new ReadOnlySequence<byte>(body))));
    }

    private sealed record MappedBody(PipeReader Reader) : IRequestBodyPipeFeature;

    /// <summary>What the caller sees of the gateway rather than of Kinesis.</summary>
    private sealed record GatewayHeaders(HttpContext Http, string? RequestId)
    {
        public static Task RestoreAsync(object state)
        {
            var (http, requestId) = (GatewayHeaders)state;
            http.Response.ContentType = KinesisWire.AnswerType;
            http.Response.Headers[RequestIdHeader] = requestId;
            http.Response.Headers.Remove("x-amz-id-2");
            return Task.CompletedTask;
        }
    }
}
