namespace Sluice.Tables;

/// <summary>Chooses the files to merge. No I/O.</summary>
internal static class CompactionPlan
{
    /// <summary>The number of small files.</summary>
    public static int SmallFiles(IEnumerable<AddFile> files, CompactionOptions options) => files.Count(file => options.TierOf(file.Size) is not null);

    /// <summary>The files of the lowest tier that is due in some partition, eldest first; none when no tier is.</summary>
    public static IReadOnlyList<AddFile> Pick(IEnumerable<AddFile> files, CompactionOptions options)
    {
        foreach (var partition in files.GroupBy(Partition, StringComparer.Ordinal))
        {
            if (PickOne(partition, options) is { Count: > 0 } due) return due;
        }

        return [];
    }

    /// <summary>Files that are better written anew: several of a partition that are below half of the size wanted, and those with deleted rows.</summary>
    public static IReadOnlyList<AddFile> Pack(IEnumerable<AddFile> files, long bytesWanted)
    {
        var chosen = new List<AddFile>();
        foreach (var partition in files.GroupBy(Partition, StringComparer.Ordinal))
        {
            var small = partition.Where(file => file.DeletionVector is not null || file.Size < bytesWanted / 2).ToList();
            if (small.Count > 1 || small.Exists(file => file.DeletionVector is not null)) chosen.AddRange(small);
        }

        return chosen;
    }

    /// <summary>
    /// A text that files of different partitions do not share; an empty value is null. Files of a partition whose writers spelled a value in
    /// different ways are merged apart, which does no harm.
    /// </summary>
    public static string Partition(AddFile file) => file.PartitionValues.Count == 0 ? "" : string.Concat(
        file.PartitionValues.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => string.IsNullOrEmpty(v.Value) ? "-" : $"{v.Value.Length}:{v.Value}"));

    private static List<AddFile> PickOne(IEnumerable<AddFile> files, CompactionOptions options)
    {
        // Rows that a deletion vector hides would have to be left out; such files are few, and an optimize of the whole table takes them along.
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
