namespace Sluice.Tables;

/// <summary>One action of a commit or checkpoint; which of them exist is fixed by the protocol.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#actions</remarks>
internal interface ILogAction;

/// <summary>The <c>protocol</c> action: what an engine must understand to read or write the table.</summary>
/// <param name="ReaderFeatures">Named features; only with reader version 3.</param>
/// <param name="WriterFeatures">Named features; only with writer version 7.</param>
public sealed record TableProtocol(
    int MinReaderVersion,
    int MinWriterVersion,
    IReadOnlyList<string>? ReaderFeatures = null,
    IReadOnlyList<string>? WriterFeatures = null) : ILogAction;

/// <summary>The <c>metaData</c> action.</summary>
public sealed record TableMetadata(
    string Id,
    string SchemaString,
    IReadOnlyList<string> PartitionColumns,
    IReadOnlyDictionary<string, string> Configuration) : ILogAction
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    public long? CreatedTime { get; init; }

    public string FormatProvider { get; init; } = "parquet";

    public IReadOnlyDictionary<string, string> FormatOptions { get; init; } = EmptyMap.Strings;
}

/// <summary>The <c>remove</c> action: a file that is no longer part of the table.</summary>
internal sealed record RemoveFile(string Path, long? DeletionTimestamp, bool DataChange) : ILogAction
{
    public bool ExtendedFileMetadata { get; init; }

    public IReadOnlyDictionary<string, string?>? PartitionValues { get; init; }

    public long? Size { get; init; }

    public DeletionVector? DeletionVector { get; init; }

    public long? BaseRowId { get; init; }

    public long? DefaultRowCommitVersion { get; init; }
}

/// <summary>The <c>domainMetadata</c> action; a removed one hides the domain.</summary>
internal sealed record DomainMetadata(string Domain, string Configuration, bool Removed) : ILogAction;

/// <summary>A <c>cdc</c> action: rows of the change feed. It never counts as live data.</summary>
internal sealed record ChangeFile(string Path, long Size) : ILogAction
{
    public IReadOnlyDictionary<string, string?> PartitionValues { get; init; } = EmptyMap.Values;
}

/// <summary>A <c>sidecar</c> of a V2 checkpoint: a Parquet file in <c>_sidecars</c> with file actions.</summary>
internal sealed record Sidecar(string Path, long SizeInBytes, long ModificationTimeMs) : ILogAction;

/// <summary>The <c>checkpointMetadata</c> of a V2 checkpoint.</summary>
internal sealed record CheckpointMetadata(long Version) : ILogAction;

/// <summary>The <c>commitInfo</c> action: what a commit says of itself. Engines write different fields; all are optional.</summary>
internal sealed record CommitInfo : ILogAction
{
    public long? Timestamp { get; init; }

    public long? InCommitTimestamp { get; init; }

    public string Operation { get; init; } = "";

    public IReadOnlyDictionary<string, string> OperationParameters { get; init; } = EmptyMap.Strings;

    public IReadOnlyDictionary<string, string> OperationMetrics { get; init; } = EmptyMap.Strings;

    public long? ReadVersion { get; init; }

    public string? IsolationLevel { get; init; }

    public bool? IsBlindAppend { get; init; }

    public string? EngineInfo { get; init; }

    public string? TxnId { get; init; }
}

/// <summary>Where the deleted rows of a data file are listed.</summary>
/// <param name="StorageType"><c>u</c>: file named by a UUID beside the data, <c>p</c>: file at an absolute path, <c>i</c>: inline.</param>
/// <param name="Cardinality">Rows deleted.</param>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vectors</remarks>
public sealed record DeletionVector(string StorageType, string PathOrInlineDv, int? Offset, int SizeInBytes, long Cardinality)
{
    /// <summary>The identity that, with the path, names a logical file.</summary>
    internal string UniqueId => Offset is { } offset ? $"{StorageType}{PathOrInlineDv}@{offset}" : StorageType + PathOrInlineDv;
}

internal static class EmptyMap
{
    public static IReadOnlyDictionary<string, string> Strings { get; } = new Dictionary<string, string>();

    public static IReadOnlyDictionary<string, string?> Values { get; } = new Dictionary<string, string?>();
}

/// <summary>A log file that breaks the protocol. The readers at the edge add the table's and the file's name.</summary>
internal sealed class LogFormatException(string reason, Exception? cause = null) : Exception(reason, cause);
