namespace Sluice.Cleaning;

/// <summary>What cleaning may use of the machine, and how much one commit holds.</summary>
/// <param name="TempDirectory">Where DuckDB spills what exceeds its memory.</param>
public sealed record CleaningOptions(string TempDirectory)
{
    /// <summary>Records of one commit. 250,000 raw rows of 550 bytes fill <see cref="BytesPerCommitMax"/>.</summary>
    public int RowsPerCommitMax { get; init; } = 250_000;

    /// <summary>
    /// Raw bytes of one commit; a record that exceeds it alone is a commit of its own. 128 MiB: two such batches (the next is read
    /// while one is cleaned) and DuckDB's memory stay below 1 GB, and the data files are large enough not to need compaction.
    /// </summary>
    public long BytesPerCommitMax { get; init; } = 128L << 20;

    /// <summary>
    /// DuckDB's memory limit in bytes. 640 MiB: a batch's clean rows (about its raw bytes), their keys, and two threads' Parquet row groups
    /// fit without spilling.
    /// </summary>
    public long MemoryBytesMax { get; init; } = 640L << 20;

    /// <summary>DuckDB's worker threads.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes asked of the object store at once. 4 MiB: at S3's 100 ms and 90 MB/s, a larger request gains little.</summary>
    public int ReadBytes { get; init; } = 4 << 20;

    /// <summary>Small objects read side by side, so that one-record objects do not cost a round trip each.</summary>
    public int ReadAheadObjects { get; init; } = 16;

    /// <summary>Times a run begins anew because another writer moved the position or the keys. Two writers need one.</summary>
    public int AttemptsMax { get; init; } = 8;
}
