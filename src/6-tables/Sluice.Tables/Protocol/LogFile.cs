using System.Globalization;

namespace Sluice.Tables;

internal enum LogFileKind
{
    Commit,
    ClassicCheckpoint,
    CheckpointPart,
    UuidCheckpoint,
    Compaction,
}

/// <summary>A file of <c>_delta_log</c> that takes part in replay, known by its name.</summary>
/// <param name="Version">The version it belongs to; the first one of a compaction.</param>
/// <param name="LastVersion">The last version of a compaction; <paramref name="Version"/> otherwise.</param>
/// <param name="Part">From 1, of a multi-part checkpoint.</param>
/// <param name="Parts">How many there are.</param>
internal readonly record struct LogFile(LogFileKind Kind, string Name, long Version, long LastVersion, int Part, int Parts)
{
    private const int VersionDigits = 20;
    private const int PartDigits = 10;

    public static string CommitName(long version) => $"{version.ToString("D20", CultureInfo.InvariantCulture)}.json";

    public static string ChecksumName(long version) => $"{version.ToString("D20", CultureInfo.InvariantCulture)}.crc";

    public static string CheckpointName(long version) => $"{version.ToString("D20", CultureInfo.InvariantCulture)}.checkpoint.parquet";

    public static string CheckpointName(long version, Guid id) => $"{version.ToString("D20", CultureInfo.InvariantCulture)}.checkpoint.{id:D}.json";

    /// <summary>What a file name means; null for everything that replay ignores.</summary>
    public static LogFile? Parse(string name)
    {
        var parts = name.Split('.');
        if (parts.Length < 2 || Digits(parts[0], VersionDigits) is not { } version) return null;
        return parts switch
        {
            [_, "json"] => new(LogFileKind.Commit, name, version, version, 0, 0),
            [_, "checkpoint", "parquet"] => new(LogFileKind.ClassicCheckpoint, name, version, version, 0, 0),
            [_, "checkpoint", var uuid, "json" or "parquet"] when Guid.TryParseExact(uuid, "D", out var _) =>
                new(LogFileKind.UuidCheckpoint, name, version, version, 0, 0),
            [_, "checkpoint", var part, var of, "parquet"] when Digits(part, PartDigits) is { } p && Digits(of, PartDigits) is { } n =>
                new(LogFileKind.CheckpointPart, name, version, version, (int)p, (int)n),
            [_, var last, "compacted", "json"] when Digits(last, VersionDigits) is { } to =>
                new(LogFileKind.Compaction, name, version, to, 0, 0),
            _ => null,
        };
    }

    private static long? Digits(string text, int count) =>
        text.Length == count && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
