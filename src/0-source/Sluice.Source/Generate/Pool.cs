namespace Sluice.Source.Generate;

/// <summary>Texts to draw from, escaped for JSON.</summary>
/// <param name="Weights">Null when all are equally likely; their shares are then left to chance, which is faster.</param>
internal sealed record Pool(byte[][] Values, double[]? Weights);
