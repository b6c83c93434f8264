using Sluice.Tables;

namespace Sluice.Cleaning.Streaming;

/// <summary>How the stream job reads, how much one commit holds, and what it keeps in memory.</summary>
/// <param name="Cleaning">
/// Bounds of each dataset's DuckDB; <see cref="CleaningOptions.RowsPerCommitMax"/> and <see cref="CleaningOptions.BytesPerCommitMax"/> are
/// the batch path's and do not count here. One thread is best: a commit of a hundred rows takes 15 ms of CPU with one and 20 with two, and
/// datasets are cleaned side by side.
/// </param>
public sealed record StreamOptions(CleaningOptions Cleaning)
{
    /// <summary>Where a dataset begins whose table holds no position of the stream. A position that is there always wins.</summary>
    public StreamStart Start { get; init; } = StreamStart.Earliest;

    /// <summary>What is done about records that retention removed before they were cleaned.</summary>
    public GapPolicy Gaps { get; init; } = GapPolicy.Fail;

    /// <summary>
    /// Records of one commit. 50,000 rows take about a second to clean, so a backlog is taken in at nearly the rate of the batch path and
    /// new records never wait longer behind it than that.
    /// </summary>
    public int RowsPerCommitMax { get; init; } = 50_000;

    /// <summary>Bytes of one commit. 32 MiB: 50,000 rows of 600 bytes; three datasets then hold less than 100 MB.</summary>
    public long BytesPerCommitMax { get; init; } = 32L << 20;

    /// <summary>
    /// Longest that a record waits for others to share its commit. 100 ms with a commit of some 50 ms makes a median of about 130 ms,
    /// half of the 250 ms asked for, at six commits a second.
    /// </summary>
    public TimeSpan AgeMax { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A commit is made earlier when no record came for this long: five looks within <see cref="AgeMax"/>.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Bytes asked of a shard at once: 1 MiB, so that shards take turns and 32 reads fill a commit.</summary>
    public int ReadBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Keys of a dataset's table held in memory for finding duplicates; 4,000,000 integers take about 100 MB, texts twice that. Beyond it
    /// the table's key column is read for every commit, as on the batch path: as right, and slower with every row.
    /// </summary>
    public int KeysInMemoryMax { get; init; } = 4_000_000;

    /// <summary>When small files of the tables are merged.</summary>
    public CompactionOptions Compaction { get; init; } = new();

    /// <summary>
    /// Commits that a compaction may lag behind before the next one waits for it: eight seconds of them. A table then never holds more
    /// than 128 small files: the 60 at rest, 16 that make a merge due, and these.
    /// </summary>
    public int CommitsPerCompactionMax { get; init; } = 48;

    /// <summary>How often the list of shards is read again when none is closed, and a stream that is not there is looked for.</summary>
    public TimeSpan ShardsRefresh { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pause after the first transient fault in a row; it doubles with each. 200 ms is one commit missed.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest pause between tries: a store that is back is noticed within half a minute.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often what the expectations counted is appended to <c>quality.results</c>. A minute is the grain of most monitoring, and 1,440 small
    /// commits a day; until then the counts are in the clean table.
    /// </summary>
    public TimeSpan QualityEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Tries of a drain at one commit before it gives up. 8 with doubling pauses are 25 s.</summary>
    public int DrainAttemptsMax { get; init; } = 8;
}

/// <summary>What is done about records that retention removed from the log before they were cleaned.</summary>
public enum GapPolicy
{
    /// <summary>The dataset stops, and its status says how many records are gone.</summary>
    Fail,

    /// <summary>Reading goes on at the first record there is; the lost ones are counted in the ledger as skipped.</summary>
    Skip,
}
