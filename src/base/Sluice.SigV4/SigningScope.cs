namespace Sluice.SigV4;

/// <summary>What a signature is good for: a region and a service of it, by the names AWS signs with (<c>us-east-1</c>, <c>kinesis</c>).</summary>
public readonly record struct SigningScope(string Region, string Service);
