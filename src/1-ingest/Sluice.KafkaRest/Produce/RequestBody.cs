using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Produce;

/// <summary>Reads a request body whole into the state's buffer, within the proxy's limits.</summary>
internal static class RequestBody
{
    private const int FirstBytes = 4096;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<RestError?> ReadAsync(RestRequest request, ProduceState state)
    {
        var options = request.Services.Options;
        var declared = request.Http.Request.ContentLength;
        if (declared > options.RequestBytesMax) return RestError.TooLarge;
        AllowLargeBody(request.Http, declared, options.RequestBytesMax);
        if (!state.TryReserve((int)(declared ?? FirstBytes), options.SmallRequestBytes, request.Services.Budget))
        {
            return RestError.TooManyBytes;
        }

        var reader = request.Http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(request.Cancel);
            var total = state.BodyLength + read.Buffer.Length;
            var error = total > options.RequestBytesMax ? RestError.TooLarge : Grow(request.Services, state, (int)total);
            if (error is null) state.AddBody(read.Buffer);
            reader.AdvanceTo(read.Buffer.End);
            if (error is not null || read.IsCompleted) return error;
        }
    }

    private static RestError? Grow(RestServices services, ProduceState state, int total)
    {
        if (total <= state.BodyCapacity) return null;
        var doubled = (int)Math.Min(Math.Max(total, state.BodyCapacity * 2L), services.Options.RequestBytesMax);
        return state.TryReserve(doubled, services.Options.SmallRequestBytes, services.Budget) ? null : RestError.TooManyBytes;
    }

    /// <summary>Kestrel refuses bodies over 30 MB by default, without saying why; the proxy's own limit answers instead.</summary>
    private static void AllowLargeBody(HttpContext http, long? declared, long bytesMax)
    {
        const long KestrelDefault = 30_000_000;
        if (declared < KestrelDefault) return;
        var limit = http.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false } && limit.MaxRequestBodySize <= bytesMax) limit.MaxRequestBodySize = bytesMax + 1;
    }
}
