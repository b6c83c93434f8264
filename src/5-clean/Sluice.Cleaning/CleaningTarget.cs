using Sluice.Definition;

namespace Sluice.Cleaning;

/// <summary>A dataset on one of its two ways: which records it is made of, and the ids under which its tables keep positions.</summary>
/// <param name="Path"><see cref="Batch"/> or <see cref="Stream"/>: also the namespace of the clean table.</param>
/// <param name="Topic">The topic, or the stream as a topic, that the records come from.</param>
internal sealed record CleaningTarget(Dataset Dataset, string Path, string Topic)
{
    public const string Batch = "batch";
    public const string Stream = "stream";

    /// <summary>Whether the records come from the sink's objects; a stream's come from the log itself.</summary>
    public bool ReadsObjects => Path == Batch;

    public static CleaningTarget Of(Dataset dataset, string path) => path switch
    {
        Batch => new CleaningTarget(dataset, path, dataset.Topic),
        Stream => new CleaningTarget(dataset, path, dataset.Stream),
        _ => throw new ArgumentException($"Path '{path}' is neither {Batch} nor {Stream}.", nameof(path)),
    };

    /// <summary>Next offset to clean, on the clean table; on quarantine and duplicates, the offset up to which an attempt wrote there.</summary>
    public string PositionId(int partition) => $"sluice/{Path}/{Topic}/{partition}";

    /// <summary>The first offset that the raw object holding the next one accounts for, or the next offset itself when an object begins there.</summary>
    public string ObjectId(int partition) => $"sluice/{Path}/{Topic}/{partition}/object";

    /// <summary>Records below the position that were never read: before the start, lost to retention and accepted, or left out by the sink.</summary>
    public string SkippedId(int partition) => $"sluice/{Path}/{Topic}/{partition}/skipped";

    /// <summary>Offsets below the position that no record has: those of transaction markers, and of aborted and compacted records.</summary>
    public string WithoutRecordId(int partition) => $"sluice/{Path}/{Topic}/{partition}/empty";

    /// <summary>Records below the position that an expectation left out.</summary>
    public string DroppedId(string topic, int partition) => $"sluice/{Path}/{topic}/{partition}/dropped";

    /// <summary>Number of the last replay that the table has taken in.</summary>
    public string ReplayId => $"sluice/{Path}/{Dataset.Name}/replay";
}
