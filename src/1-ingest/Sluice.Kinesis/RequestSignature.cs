using Microsoft.AspNetCore.Http.Features;
using Sluice.SigV4;

namespace Sluice.Kinesis;

/// <summary>Lets a request pass that is signed by someone known, or every request when nobody is.</summary>
internal static class RequestSignature
{
    /// <summary>Null when the request may pass; the body must be as it arrived.</summary>
    public static KinesisError? Check(KinesisCall call)
    {
        if (call.Services.Verifier is not { } verifier) return null;
        var request = call.Http.Request;
        var target = call.Http.Features.Get<IHttpRequestFeature>()?.RawTarget;
        // A context that no server made has no request line, only what stands in its properties.
        if (string.IsNullOrEmpty(target)) target = request.Path.ToUriComponent() + request.QueryString.ToUriComponent();
        var verdict = verifier.Verify(RequestParts.FromTarget(request.Method, target, request.Headers), call.Body);
        return verdict.Fault is { } fault ? new KinesisError(StatusCodes.Status400BadRequest, fault.ErrorName, fault.Message) : null;
    }
}
