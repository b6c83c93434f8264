namespace Sluice.Tables;

/// <summary>Where a catalog works, and its limits.</summary>
/// <param name="ScratchDirectory">
/// A directory for files in the making, on the file system of the object store (then nothing is copied) but outside of it. Each catalog
/// makes its own folder there; folders that a crash left are removed once they are a day old.
/// </param>
public sealed record TablesOptions(string ScratchDirectory)
{
    internal const string RetentionKey = "delta.deletedFileRetentionDuration";

    /// <summary>A data file is closed at the first row group that makes it as large as this. 128 MiB is what Spark's optimized writes and auto compaction aim at.</summary>
    public long DataFileBytesMax { get; init; } = 128L << 20;

    /// <summary>Rows of a row group. 122,880 is DuckDB's default: sixty of its vectors, enough for a thread to decode at once.</summary>
    public int RowGroupRows { get; init; } = 122_880;

    /// <summary>Commits between two checkpoints when the table does not say (<c>delta.checkpointInterval</c>). 10 is Delta's default.</summary>
    public int CheckpointInterval { get; init; } = 10;

    /// <summary>
    /// Files, live and removed, for each of which many a further interval passes before the next checkpoint: writing 2,000 takes some
    /// 20 ms, which at ten commits a second is 2 % of a core however many there are.
    /// </summary>
    public int CheckpointActionsPerInterval { get; init; } = 2000;

    /// <summary>
    /// Commits between two that leave a checksum of the table's state beside them (<c>.crc</c>), which <see cref="TableLint"/> holds against a
    /// recomputation. 10, as checkpoints: a checksum is one small durable write, which at ten commits a second is one a second. 0 for none.
    /// </summary>
    public int ChecksumInterval { get; init; } = 10;

    /// <summary>How long commits and checkpoints are kept when the table does not say (<c>delta.logRetentionDuration</c>). 30 days is Delta's default.</summary>
    public TimeSpan LogRetention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long removed files stay in checkpoints when the table does not say (<c>delta.deletedFileRetentionDuration</c>). A week is Delta's default.</summary>
    public TimeSpan TombstoneRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How often a commit whose outcome is unknown is looked up before the failure is passed on. One lookup settles it unless the
    /// store is down; two more ride out a blip.
    /// </summary>
    public int CommitLookupsMax { get; init; } = 3;

    /// <summary>Age at which a left-over scratch folder is removed: longer than any write lasts.</summary>
    public TimeSpan ScratchAgeMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Age at which a cached snapshot is no longer trusted to lead to the newest commit one by one: far less than any log retention.</summary>
    public TimeSpan SnapshotAgeMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Makes the ids of tables, files and commits.</summary>
    public Func<Guid> NewId { get; init; } = Guid.NewGuid;

    /// <summary>What commits name as their engine.</summary>
    internal string EngineInfo { get; } = $"Sluice/{typeof(TablesOptions).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>How long files that were removed from a table are kept.</summary>
    internal TimeSpan RetentionOf(TableMetadata table) => table.Configuration.TryGetValue(RetentionKey, out var text)
        ? CalendarInterval.Parse(text) ?? TimeSpan.MaxValue
        : TombstoneRetention;

    /// <summary>How long the log of a table is kept.</summary>
    internal TimeSpan LogRetentionOf(TableMetadata table) => table.Configuration.TryGetValue("delta.logRetentionDuration", out var text)
        ? CalendarInterval.Parse(text) ?? TimeSpan.MaxValue
        : LogRetention;
}
