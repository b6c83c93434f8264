using System.Buffers;
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
internal sealed class KinesisIntegration(KinesisAction action, KinesisTarget target) : Integration
{
    private const string Json = "application/json";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<GatewayResponse?> InvokeAsync(GatewayCall call, CancellationToken deadline)
    {
        if (!IsJson(call.Http.Request.ContentType)) return GatewayResponse.UnsupportedMediaType;
        var mapped = new ByteWriter(GatewayLimits.MappedBytes);
        try
        {
            var unmapped = await MapAsync(call, mapped, deadline);
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
            mapped.Dispose();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<GatewayResponse?> MapAsync(GatewayCall call, ByteWriter mapped, CancellationToken deadline)
    {
        var reader = call.Http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(deadline);
            if (read.IsCompleted)
            {
                var answer = Map(call, read.Buffer, mapped);
                reader.AdvanceTo(read.Buffer.End);
                return answer;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private GatewayResponse? Map(GatewayCall call, ReadOnlySequence<byte> body, ByteWriter mapped)
    {
        byte[]? joined = null;
        try
        {
            ReadOnlySpan<byte> whole = body.IsSingleSegment ? body.FirstSpan : Join(body, out joined);
            var parameter = action.Parameter is { } name ? call.FindParameter(name) : "";
            KinesisMapping.Write(action, call.Parameter(KinesisAction.StreamParameter), parameter, whole, mapped);
            return null;
        }
        catch (JsonException fault)
        {
            return GatewayResponse.UnparsableBody(fault.Message);
        }
        finally
        {
            if (joined is not null) ArrayPool<byte>.Shared.Return(joined);
        }
    }

    private static ReadOnlySpan<byte> Join(ReadOnlySequence<byte> body, out byte[] joined)
    {
        joined = ArrayPool<byte>.Shared.Rent((int)body.Length);
        body.CopyTo(joined);
        return joined.AsSpan(0, (int)body.Length);
    }

    /// <summary>A request that names no type is taken as JSON, as API Gateway takes it.</summary>
    private static bool IsJson(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType)) return true;
        var type = contentType.AsSpan();
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim().Equals(Json, StringComparison.OrdinalIgnoreCase);
    }
}
