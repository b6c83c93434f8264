using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Sluice.Bytes;
using Sluice.Gateway.Config;
using Sluice.Gateway.Integrations;

namespace Sluice.Gateway.Kinesis;

/// <summary>Where mapped requests go: Kinesis in this process, or at a URL.</summary>
internal abstract class KinesisTarget
{
    /// <summary>Sends one request and answers the caller with the result. Returns as <see cref="Integration.InvokeAsync"/> does.</summary>
    public abstract ValueTask<GatewayResponse?> SendAsync(GatewayCall call, KinesisAction action, ReadOnlyMemory<byte> body, CancellationToken deadline);
}

/// <summary>
/// API Gateway's AWS service integration with Kinesis: the request is mapped by the template of its route and sent as an action of
/// Kinesis. Pass-through is WHEN_NO_TEMPLATES: there is a template for application/json, so any other content type is 415.
/// </summary>
internal sealed class KinesisIntegration(KinesisAction action, KinesisTarget target, ByteBudget largeBodies) : Integration
{
    private const string Json = "application/json";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<GatewayResponse?> InvokeAsync(GatewayCall call, CancellationToken deadline)
    {
        if (!IsJson(call.Http.Request.ContentType)) return GatewayResponse.UnsupportedMediaType;
        // It keeps its part of the memory for large bodies until the mapped body is sent, too.
        using var body = new WholeBody(call.Http.Request, largeBodies);
        ByteWriter? mapped = null;
        try
        {
            if (action.ReadsBody && !await body.ReadAsync(deadline)) return GatewayResponse.ServiceUnavailable;
            mapped = new ByteWriter(MappedBytes(body));
            var unmapped = Map(call, body, mapped);
            body.Release();
            return unmapped ?? await target.SendAsync(call, action, mapped.Written, deadline);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return GatewayResponse.IntegrationTimeout;
        }
        catch (PayloadTooLongException)
        {
            return GatewayResponse.RequestTooLarge;
        }
        finally
        {
            mapped?.Dispose();
        }
    }

    private GatewayResponse? Map(GatewayCall call, WholeBody body, ByteWriter mapped)
    {
        try
        {
            var parameter = action.Parameter is { } name ? call.FindParameter(name) : "";
            var isMapped = KinesisMapping.TryWrite(action, call.Parameter(KinesisAction.StreamParameter), parameter, body.Span, mapped);
            return isMapped ? null : GatewayResponse.InternalError;
        }
        catch (JsonException fault)
        {
            return GatewayResponse.UnparsableBody(fault.Message);
        }
    }

    /// <summary>First size of the buffer: for a large body all it can become, so that it need not grow, which would take it twice for a moment.</summary>
    private static int MappedBytes(WholeBody body) =>
        GatewayLimits.MappedBytes + (body.IsLarge ? Base64.GetMaxEncodedToUtf8Length(body.Span.Length) : 0);

    /// <summary>A request that names no type is taken as JSON, as API Gateway takes it.</summary>
    private static bool IsJson(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType)) return true;
        var type = contentType.AsSpan();
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim().Equals(Json, StringComparison.OrdinalIgnoreCase);
    }
}
