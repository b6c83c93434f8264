namespace Sluice.Tables;

/// <summary>When small files are merged, and into how large ones.</summary>
/// <remarks>
/// Files are small below <see cref="SmallBytes"/> and fall into four tiers by size (32 KiB, 512 KiB, 8 MiB, 64 MiB). A tier that reaches
/// <see cref="FilesPerTier"/> files is merged into one file, which is of a higher tier sooner or later: every row is rewritten about
/// once per tier, and a table that is compacted whenever it is due rests at 4 x 15 = 60 small files or less.
/// </remarks>
public sealed record CompactionOptions
{
    internal const int Tiers = 4;

    private const int TierFactor = 16;

    /// <summary>Files that make a tier due. 16: merging then costs a sixteenth of a file per commit, and a reader opens 60 files at most.</summary>
    public int FilesPerTier { get; init; } = 16;

    /// <summary>A file of this size is left alone: half of the 128 MiB at which data files are closed.</summary>
    public long SmallBytes { get; init; } = 64L << 20;

    /// <summary>Bytes merged at once, so that memory and time of one compaction are bounded: the size at which data files are closed.</summary>
    public long BytesMax { get; init; } = 128L << 20;

    /// <summary>The tier of a file's size, 0 for the smallest; null for a file that is not small.</summary>
    internal int? TierOf(long size)
    {
        if (size >= SmallBytes) return null;
        var tier = 0;
        for (var bound = 32L << 10; size >= bound && tier < Tiers - 1; bound *= TierFactor) tier++;
        return tier;
    }
}
