namespace Sluice.Cleaning.Raw;

/// <summary>How far a partition was read.</summary>
/// <param name="Next">The first offset not read yet.</param>
/// <param name="ObjectStart">Start offset of the object that holds <paramref name="Next"/>, or <paramref name="Next"/> at the end of one.</param>
internal readonly record struct RawPosition(long Next, long ObjectStart);
