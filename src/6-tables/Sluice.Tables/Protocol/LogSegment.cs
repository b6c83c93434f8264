namespace Sluice.Tables;

/// <summary>The files that make up a version: the newest complete checkpoint at or before it, and the commits since.</summary>
/// <param name="CheckpointVersion">-1 when there is none.</param>
/// <param name="Checkpoint">File names: one, or all parts in order.</param>
/// <param name="Commits">Versions in order, without a gap, the last being <paramref name="Version"/>.</param>
internal sealed record LogSegment(long Version, long CheckpointVersion, IReadOnlyList<string> Checkpoint, IReadOnlyList<long> Commits)
{
    /// <summary>Files that stand for several of the commits each, in order, none overlapping another.</summary>
    public IReadOnlyList<LogFile> Compactions { get; init; } = [];

    /// <summary>The segment of the newest version in the listing, or of <paramref name="target"/>; null when the listing cannot give it.</summary>
    /// <param name="names">File names of <c>_delta_log</c>, in any order; what is no log file is ignored.</param>
    /// <param name="fault">Why there is none.</param>
    public static LogSegment? Find(IEnumerable<string> names, long? target, out string fault)
    {
        var commits = new SortedSet<long>();
        var checkpoints = new SortedDictionary<long, List<LogFile>>();
        var compactions = new List<LogFile>();
        foreach (var name in names)
        {
            if (LogFile.Parse(name) is not { } file || file.Version > (target ?? long.MaxValue)) continue;
            if (file.Kind == LogFileKind.Commit) commits.Add(file.Version);
            else if (file.Kind == LogFileKind.Compaction) compactions.Add(file);
            else if (checkpoints.TryGetValue(file.Version, out var same)) same.Add(file);
            else checkpoints[file.Version] = [file];
        }

        var (checkpointVersion, files) = NewestComplete(checkpoints);
        var since = commits.GetViewBetween(checkpointVersion + 1, long.MaxValue).ToArray();
        var last = since.Length > 0 ? since[^1] : checkpointVersion;
        fault = Fault(target, checkpointVersion, since, last);
        return fault.Length > 0 ? null : new LogSegment(last, checkpointVersion, files, since) { Compactions = Chosen(compactions, checkpointVersion, last) };
    }

    /// <summary>From the checkpoint on, the longest compaction that begins where the one before has ended, or later.</summary>
    /// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#log-compaction-files</remarks>
    private static List<LogFile> Chosen(List<LogFile> compactions, long checkpointVersion, long last)
    {
        var chosen = new List<LogFile>();
        var done = checkpointVersion;
        foreach (var file in compactions.Where(c => c.LastVersion > c.Version && c.LastVersion <= last).OrderBy(c => c.Version).ThenByDescending(c => c.LastVersion))
        {
            if (file.Version <= done) continue;
            chosen.Add(file);
            done = file.LastVersion;
        }

        return chosen;
    }

    private static string Fault(long? target, long checkpointVersion, long[] since, long last)
    {
        if (last < 0) return "its log is empty";
        for (var i = 0; i < since.Length; i++)
        {
            var expected = checkpointVersion + 1 + i;
            if (since[i] != expected) return $"commit {LogFile.CommitName(expected)} is missing";
        }

        return target is { } wanted && last != wanted ? $"the newest version is {last}" : "";
    }

    private static (long Version, IReadOnlyList<string> Files) NewestComplete(SortedDictionary<long, List<LogFile>> checkpoints)
    {
        foreach (var (version, files) in checkpoints.Reverse())
        {
            if (Complete(files) is { } names) return (version, names);
        }

        return (-1, []);
    }

    /// <summary>All complete checkpoints of a version hold the same state, so any one serves; of equal kinds the first name is taken.</summary>
    private static IReadOnlyList<string>? Complete(List<LogFile> files)
    {
        files.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        foreach (var file in files)
        {
            if (file.Kind is LogFileKind.ClassicCheckpoint or LogFileKind.UuidCheckpoint) return [file.Name];
        }

        foreach (var group in files.GroupBy(f => f.Parts))
        {
            var parts = group.ToArray();
            if (group.Key > 0 && parts.Length == group.Key && parts.Select((p, i) => p.Part == i + 1).All(ok => ok)) return [.. parts.Select(p => p.Name)];
        }

        return null;
    }
}
