using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Kinesis.Wire;

/// <summary>Reads a request body whole into the call's buffer, within the limits.</summary>
internal static class RequestBody
{
    private const int FirstBytes = 4096;

    /// <summary>
    /// What a body of n bytes costs while it is worked on: itself, and the record batch made of three quarters of it, in buffers whose
    /// sizes are powers of two.
    /// </summary>
    private const int CostFactor = 2;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<KinesisError?> ReadAsync(KinesisCall call)
    {
        var limits = call.Options.Limits;
        var request = call.Http.Request;
        if (request.ContentLength > limits.RequestBytesMax) return KinesisError.TooLarge;
        AllowLargeBody(call.Http, request.ContentLength ?? limits.RequestBytesMax);
        if (request.ContentLength > limits.SmallBytes && !await call.ReserveAsync(request.ContentLength.Value * CostFactor)) return KinesisError.Overloaded;
        call.GrowBody((int)(request.ContentLength ?? FirstBytes));
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(call.Cancel);
            var total = call.BodyLength + read.Buffer.Length;
            var error = total > limits.RequestBytesMax ? KinesisError.TooLarge : null;
            // A body of unknown length that is no small one may become the largest.
            if (error is null && total > limits.SmallBytes && !await call.ReserveAsync(limits.RequestBytesMax * CostFactor)) error = KinesisError.Overloaded;
            if (error is null) call.AddBody(read.Buffer);
            reader.AdvanceTo(read.Buffer.End);
            if (error is not null || read.IsCompleted) return error;
        }
    }

    /// <summary>Kestrel refuses bodies over 30 MB by default; above that the limit of this endpoint answers instead.</summary>
    private static void AllowLargeBody(HttpContext http, long expected)
    {
        const long KestrelDefault = 30_000_000;
        if (expected < KestrelDefault) return;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit && limit.MaxRequestBodySize <= expected)
            limit.MaxRequestBodySize = expected + 1;
    }
}
