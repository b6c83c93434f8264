namespace Sluice.Tables;

/// <summary>Chooses the files to merge. No I/O.</summary>
internal static class CompactionPlan
{
    /// <summary>The number of small files.</summary>
    public static int SmallFiles(IEnumerable<AddFile> files, CompactionOptions options) => files.Count(file => options.TierOf(file.Size) is not null);

    /// <summary>The files of the lowest tier that is due, eldest first; none when no tier is.</summary>
    public static IReadOnlyList<AddFile> Pick(IEnumerable<AddFile> files, CompactionOptions options)
    {
        // Rows that a deletion vector hides would have to be left out; those files are few, and an engine that makes them also merges them.
        var tiers = new List<AddFile>[CompactionOptions.Tiers];
        for (var tier = 0; tier < tiers.Length; tier++) tiers[tier] = [];
        foreach (var file in files)
        {
            if (file.DeletionVector is null && options.TierOf(file.Size) is { } tier) tiers[tier].Add(file);
        }

        return Array.Find(tiers, tier => tier.Count >= options.FilesPerTier) is { } due ? Within(due, options.BytesMax) : [];
    }

    private static List<AddFile> Within(List<AddFile> due, long bytesMax)
    {
        due.Sort((a, b) => a.ModificationTimeMs != b.ModificationTimeMs
            ? a.ModificationTimeMs.CompareTo(b.ModificationTimeMs)
            : string.CompareOrdinal(a.Path, b.Path));
        var bytes = 0L;
        // Files of one tier that do not fit at once are merged by the next compaction; two always fit, so each makes progress.
        return [.. due.TakeWhile((file, at) => (bytes += file.Size) <= bytesMax || at < 2)];
    }
}
