namespace Sluice.Cleaning.Raw;

/// <summary>How far a partition was read.</summary>
/// <param name="Next">The first offset not read yet.</param>
/// <param name="ObjectStart">The first offset that the object holding <paramref name="Next"/> accounts for, or <paramref name="Next"/> at the end of one.</param>
internal readonly record struct RawPosition(long Next, long ObjectStart);
