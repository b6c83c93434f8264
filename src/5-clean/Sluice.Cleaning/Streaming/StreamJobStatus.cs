namespace Sluice.Cleaning.Streaming;

/// <summary>How the stream job of one dataset is doing; counts are since the process began.</summary>
/// <param name="Reason">Why it waits, tries again, or failed; null while it runs.</param>
/// <param name="Received">Records taken in: the sum of the next three and of <see cref="Dropped"/>.</param>
/// <param name="Commits">Commits to the clean table.</param>
/// <param name="LastCommit">When the last of them ended; null before the first.</param>
/// <param name="Positions">The next offset of each shard that was read.</param>
public sealed record StreamJobStatus(
    string Dataset,
    string Stream,
    StreamJobState State,
    string? Reason,
    long Received,
    long Clean,
    long Quarantined,
    long Duplicates,
    int Commits,
    DateTimeOffset? LastCommit,
    IReadOnlyList<CleanPosition> Positions)
{
    /// <summary>Rows that an expectation left out.</summary>
    public long Dropped { get; init; }
}

public enum StreamJobState
{
    /// <summary>It was not started, or was told to end.</summary>
    Stopped,

    /// <summary>There is no stream of that name yet.</summary>
    Waiting,

    Running,

    /// <summary>A fault that may pass; it is tried again.</summary>
    Retrying,

    /// <summary>A fault that does not pass by itself: the reason holds the remedy.</summary>
    Failed,
}
