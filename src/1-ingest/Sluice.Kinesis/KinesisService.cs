using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis;

/// <summary>
/// The Kinesis Data Streams API, version 2013-12-02 (https://docs.aws.amazon.com/kinesis/latest/APIReference), over the embedded log: a
/// stream is a topic of its name, a shard a partition. Answers <c>POST /</c> with <c>X-Amz-Target: Kinesis_20131202.Action</c>.
/// </summary>
/// <remarks>A put is answered when the log has stored it as durably as the log's durability says. Any number of requests at a time.</remarks>
public sealed partial class KinesisService
{
    private const string TargetPrefix = "Kinesis_20131202.";
    private readonly KinesisServices _services;

    public KinesisService(EmbeddedLog log, KinesisOptions options, TimeProvider time, ILogger logger)
    {
        _services = new KinesisServices(log, options, time, logger);
    }

    /// <summary>
    /// Ends all subscriptions, as their five minutes would, so that a server that waits for running requests can stop at once.
    /// </summary>
    public void EndSubscriptions() => _services.Subscriptions.Stop();

    /// <summary>
    /// Answers one request, whatever it holds. Throws only when the caller gave the request up: a cancelled
    /// <see cref="HttpContext.RequestAborted"/>, or an <see cref="IOException"/> of a body that the caller put in.
    /// </summary>
    public Task InvokeAsync(HttpContext http) => InvokeAsync(http, isTrusted: false);

    /// <summary>
    /// The same for a caller inside this process, such as a gateway, that decided itself who may call: the signature is not looked at.
    /// </summary>
    public Task InvokeTrustedAsync(HttpContext http) => InvokeAsync(http, isTrusted: true);

    private async Task InvokeAsync(HttpContext http, bool isTrusted)
    {
        var format = MediaTypes.FormatOf(http.Request.ContentType);
        var call = _services.Calls.Get();
        try
        {
            call.Begin(http, format ?? WireFormat.Json);
            var error = format is null ? KinesisError.UnknownOperation with { Status = 404 } : await AnswerAsync(call, isTrusted);
            if (!call.IsAnswered) await WriteAsync(call, error);
        }
        catch (RequestFormatException fault)
        {
            await WriteAsync(call, KinesisError.Serialization(fault.Message));
        }
        catch (Exception gone) when (gone is ConnectionResetException or ConnectionAbortedException)
        {
            // There is nobody to answer any more; the status is for the access log.
            if (!http.Response.HasStarted) http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (BadHttpRequestException refused) when (!http.Response.HasStarted)
        {
            await WriteAsync(call, new KinesisError(refused.StatusCode, "SerializationException", refused.Message));
        }
        catch (Exception unexpected) when (unexpected is not OperationCanceledException && !http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            LogUnexpected(_services.Logger, unexpected, http.Request.Headers["X-Amz-Target"]);
            await WriteAsync(call, KinesisError.Internal);
        }
        finally
        {
            _services.Calls.Return(call);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<KinesisError?> AnswerAsync(KinesisCall call, bool isTrusted)
    {
        var request = call.Http.Request;
        if (!HttpMethods.IsPost(request.Method) || request.Path.Value is not ("/" or "")) return KinesisError.UnknownOperation with { Status = 404 };
        var target = request.Headers["X-Amz-Target"].ToString().AsSpan();
        if (!target.StartsWith(TargetPrefix, StringComparison.Ordinal)) return KinesisError.UnknownOperation;
        if (ActionTable.Find(target[TargetPrefix.Length..]) is not { } action) return KinesisError.UnknownOperation;
        return await RequestBody.ReadAsync(call) ?? (isTrusted ? null : RequestSignature.Check(call)) ?? await action(call);
    }

    private static ValueTask WriteAsync(KinesisCall call, KinesisError? error)
    {
        var response = call.Http.Response;
        if (error is not null) WriteError(call, error);
        else call.Response.Flush();
        var requestId = RequestIds.Next();
        response.Headers["x-amzn-RequestId"] = requestId.ToString();
        response.Headers["x-amz-id-2"] = ExtendedId(requestId);
        response.ContentType = MediaTypes.Of(call.Format);
        response.StatusCode = error?.Status ?? StatusCodes.Status200OK;
        response.ContentLength = call.Answer.Length;
        if (call.Answer.Length > call.Options.Limits.SmallBytes) return call.SendAsync();
        response.BodyWriter.Write(call.Answer.WrittenSpan);
        return default;
    }

    private static void WriteError(KinesisCall call, KinesisError error)
    {
        call.Answer.Reset();
        var response = call.Response;
        response.Begin(call.Answer);
        response.StartMap();
        response.Text("__type"u8, error.Type);
        if (error.Message.Length > 0) response.Text("message"u8, error.Message);
        response.EndMap();
        response.Flush();
    }

    /// <summary>AWS sends a second, longer id; here it is made of the first.</summary>
    private static string ExtendedId(Guid requestId)
    {
        Span<byte> bytes = stackalloc byte[48];
        for (var i = 0; i < bytes.Length; i += 16) requestId.TryWriteBytes(bytes[i..]);
        return Convert.ToBase64String(bytes);
    }

    [LoggerMessage(20, LogLevel.Error, "{Target} failed.")]
    private static partial void LogUnexpected(ILogger logger, Exception unexpected, string? target);
}
