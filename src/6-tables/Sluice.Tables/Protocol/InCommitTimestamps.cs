using System.Globalization;

namespace Sluice.Tables;

/// <summary>Whether commits carry their own time, and since when.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#in-commit-timestamps</remarks>
internal static class InCommitTimestamps
{
    /// <summary>The version that switched them on, where that is not version 0.</summary>
    public const string VersionKey = "delta.inCommitTimestampEnablementVersion";

    /// <summary>The in-commit timestamp of that version: readers that look for an earlier time look among the versions before it.</summary>
    public const string TimeKey = "delta.inCommitTimestampEnablementTimestamp";

    /// <summary>What says whether and since when, in a table's properties.</summary>
    public static IReadOnlyList<string> Keys { get; } = [Features.InCommitTimestamps, VersionKey, TimeKey];

    public static bool AreOn(TableMetadata metadata) => Features.IsOn(metadata.Configuration, Features.InCommitTimestamps);

    /// <summary>The metadata of a commit that may switch them on: only the commit knows its version and its time.</summary>
    public static TableMetadata Since(TableMetadata before, TableMetadata metadata, long version, long time)
    {
        if (AreOn(before) || !AreOn(metadata)) return metadata;
        var configuration = new Dictionary<string, string>(metadata.Configuration)
        {
            [VersionKey] = version.ToString(CultureInfo.InvariantCulture),
            [TimeKey] = time.ToString(CultureInfo.InvariantCulture),
        };
        return metadata with { Configuration = configuration };
    }
}
