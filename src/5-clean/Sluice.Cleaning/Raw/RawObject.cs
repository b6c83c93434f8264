using System.Globalization;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>An object of the sink: lines of one partition, named for <see cref="StartOffset"/>.</summary>
internal readonly record struct RawObject(ObjectKey Key, long Size, int Partition, long StartOffset)
{
    /// <summary>The folder of the sink's objects.</summary>
    public const string Folder = "topics";

    private const string Extension = ".json";

    // As the Confluent S3 sink names its objects (filename.offset.zero.pad.width).
    private const int DigitsMin = 10;

    /// <summary>The folder of the offsets of their lines.</summary>
    public static string OffsetsFolder { get; } = LandedOffsets.FolderOf(Folder);

    /// <summary>Prefix of all objects of a topic in a folder.</summary>
    public static string Prefix(string folder, string topic) => $"{folder}/{topic}/partition=";

    /// <summary>Prefix of all objects of a partition in a folder.</summary>
    public static string Prefix(string folder, string topic, int partition) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix(folder, topic)}{partition}/{topic}+{partition}+");

    public static ObjectKey KeyAt(string folder, string topic, int partition, long startOffset) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Prefix(folder, topic, partition)}{startOffset:D10}{Extension}"));

    /// <summary>The key after which a listing finds the objects from an offset on whose names have so many digits, which is no fewer than it has.</summary>
    public static ObjectKey KeyBefore(string folder, string topic, int partition, long startOffset, int digits)
    {
        var first = DigitsOf(startOffset) == digits ? startOffset.ToString("D10", CultureInfo.InvariantCulture) : "1".PadRight(digits, '0');
        return new ObjectKey(Prefix(folder, topic, partition) + first);
    }

    /// <summary>Digits of an offset in a key: 10, or as many as it has when these are more.</summary>
    public static int DigitsOf(long startOffset)
    {
        var digits = 1;
        for (var rest = startOffset / 10; rest > 0; rest /= 10) digits++;
        return Math.Max(digits, DigitsMin);
    }

    /// <summary>The key after which a listing finds the objects behind those of a partition: '~' follows all characters of topic names.</summary>
    public static ObjectKey KeyBehind(string folder, string topic, int partition) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Prefix(folder, topic)}{partition}/~"));

    /// <summary>The partition that a key of the topic names.</summary>
    /// <exception cref="RawDataException">It names none.</exception>
    public static int PartitionOf(string folder, string topic, ObjectKey key)
    {
        var rest = key.Value.AsSpan(Prefix(folder, topic).Length);
        var slash = rest.IndexOf('/');
        if (slash > 0 && int.TryParse(rest[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)) return partition;
        throw NotOurs(folder, topic, key);
    }

    /// <summary>An object of the sink; false when its key is not one that the sink writes.</summary>
    public static bool TryParse(string topic, int partition, ObjectInfo info, out RawObject item)
    {
        var isOurs = TryStartOf(Folder, topic, partition, info.Key, out var start);
        item = new RawObject(info.Key, info.Size, partition, start);
        return isOurs;
    }

    /// <summary>The offset in a key; false when it is not one that the sink writes.</summary>
    public static bool TryStartOf(string folder, string topic, int partition, ObjectKey key, out long start)
    {
        var prefix = Prefix(folder, topic, partition);
        start = 0;
        return key.Value.StartsWith(prefix, StringComparison.Ordinal) && key.Value.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(key.Value.AsSpan(prefix.Length..^Extension.Length), NumberStyles.None, CultureInfo.InvariantCulture, out start);
    }

    /// <summary>What to do about a key that the sink does not write.</summary>
    public static RawDataException NotOurs(string folder, string topic, ObjectKey key) => new(
        $"Object {key} is not named {Prefix(folder, topic)}<p>/{topic}+<p>+<offset>{Extension}: remove it from below {Prefix(folder, topic)}.");
}
