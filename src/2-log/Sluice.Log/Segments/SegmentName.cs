using System.Globalization;

namespace Sluice.Log.Segments;

/// <summary>The files of a segment: 20 digits of its first offset and a suffix, as in Kafka.</summary>
internal readonly record struct SegmentName(string Directory, long BaseOffset)
{
    public const string LogSuffix = ".log";
    public const string IndexSuffix = ".index";
    public const string TimeIndexSuffix = ".timeindex";
    public const string AbortedIndexSuffix = ".txnindex";

    /// <summary>Ends the name of a file that compaction has not finished; the recovery deletes it.</summary>
    public const string CleanedSuffix = ".cleaned";

    private const int Digits = 20;

    public string LogPath => PathOf(LogSuffix);

    public string IndexPath => PathOf(IndexSuffix);

    public string TimeIndexPath => PathOf(TimeIndexSuffix);

    /// <summary>The aborted transactions whose markers lie in the segment; a file only where there are any.</summary>
    public string AbortedIndexPath => PathOf(AbortedIndexSuffix);

    /// <summary>Where compaction writes the segment that takes this one's place.</summary>
    public string CleanedPath => LogPath + CleanedSuffix;

    /// <summary>The base offset and suffix in a file name; false for a file that is not part of a segment.</summary>
    public static bool TryParse(string fileName, out long baseOffset, out string suffix)
    {
        suffix = Path.GetExtension(fileName);
        baseOffset = 0;
        return suffix is LogSuffix or IndexSuffix or TimeIndexSuffix or AbortedIndexSuffix
            && fileName.Length == Digits + suffix.Length
            && long.TryParse(fileName.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out baseOffset);
    }

    private string PathOf(string suffix) => Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{BaseOffset:D20}{suffix}"));
}
