namespace Sluice.SigV4;

/// <summary>The verdict over one request's signature.</summary>
/// <param name="Credentials">Who signed it; null when it is refused.</param>
/// <param name="PayloadHash">What the signature states about the body: a hash, or a word such as <see cref="PayloadHash.Unsigned"/>.</param>
/// <param name="Fault">Why it is refused; null when it is accepted.</param>
public readonly record struct Verification(Credentials? Credentials, string PayloadHash, SignatureFault? Fault)
{
    public bool IsAccepted => Fault is null;
}
