namespace Sluice.SigV4;

/// <summary>Why a request is refused. The names are AWS's own; services that answer in JSON put them into <c>__type</c>.</summary>
public enum SignatureFaultKind
{
    /// <summary>No signature at all.</summary>
    MissingAuthenticationToken,

    /// <summary>A signature with parts missing or unreadable.</summary>
    IncompleteSignature,

    /// <summary>An access key or a session token that is not known.</summary>
    UnrecognizedClient,

    /// <summary>A wrong signature, or one for another region, service, day or body.</summary>
    InvalidSignature,

    /// <summary>A signature made too long ago, or too far ahead of this clock, or a presigned URL past its life.</summary>
    SignatureExpired,
}

/// <summary>A refusal: what kind it is, and a message in AWS's words that holds no secret.</summary>
public sealed record SignatureFault(SignatureFaultKind Kind, string Message)
{
    /// <summary>The error's name in the AWS JSON and Query protocols; a signature that is too old is an invalid one there.</summary>
    public string ErrorName => Kind switch
    {
        SignatureFaultKind.MissingAuthenticationToken => "MissingAuthenticationTokenException",
        SignatureFaultKind.IncompleteSignature => "IncompleteSignatureException",
        SignatureFaultKind.UnrecognizedClient => "UnrecognizedClientException",
        _ => "InvalidSignatureException",
    };

    internal static readonly SignatureFault Missing = new(SignatureFaultKind.MissingAuthenticationToken, "Missing Authentication Token");

    internal static readonly SignatureFault UnknownClient = new(
        SignatureFaultKind.UnrecognizedClient, "The security token included in the request is invalid.");

    internal static readonly SignatureFault Mismatch = Invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
        + "signing method. Consult the service documentation for details.");

    internal static SignatureFault Invalid(string message) => new(SignatureFaultKind.InvalidSignature, message);

    internal static SignatureFault Incomplete(string message) => new(SignatureFaultKind.IncompleteSignature, message);

    internal static SignatureFault Expired(string message) => new(SignatureFaultKind.SignatureExpired, message);
}
