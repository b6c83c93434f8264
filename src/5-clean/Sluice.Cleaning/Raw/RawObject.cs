using System.Globalization;
using Sluice.Objects;

namespace Sluice.Cleaning.Raw;

/// <summary>An object of the sink: lines of one partition, the first having <see cref="StartOffset"/>.</summary>
internal readonly record struct RawObject(ObjectKey Key, long Size, int Partition, long StartOffset)
{
    private const string Extension = ".json";

    /// <summary>Prefix of all objects of a topic.</summary>
    public static string Prefix(string topic) => $"topics/{topic}/partition=";

    /// <summary>Prefix of all objects of a partition.</summary>
    public static string Prefix(string topic, int partition) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix(topic)}{partition}/{topic}+{partition}+");

    public static ObjectKey KeyAt(string topic, int partition, long startOffset) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Prefix(topic, partition)}{startOffset:D10}{Extension}"));

    /// <summary>The key after which a listing finds the objects behind those of a partition: '~' follows all characters of topic names.</summary>
    public static ObjectKey KeyBehind(string topic, int partition) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Prefix(topic)}{partition}/~"));

    /// <summary>The partition that a key of the topic names.</summary>
    /// <exception cref="RawDataException">It names none.</exception>
    public static int PartitionOf(string topic, ObjectKey key)
    {
        var rest = key.Value.AsSpan(Prefix(topic).Length);
        var slash = rest.IndexOf('/');
        if (slash > 0 && int.TryParse(rest[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)) return partition;
        throw NotOurs(topic, key);
    }

    /// <exception cref="RawDataException">The key is not one that the sink writes.</exception>
    public static RawObject Parse(string topic, int partition, ObjectInfo info)
    {
        var prefix = Prefix(topic, partition);
        if (info.Key.Value.StartsWith(prefix, StringComparison.Ordinal) && info.Key.Value.EndsWith(Extension, StringComparison.Ordinal))
        {
            var digits = info.Key.Value.AsSpan(prefix.Length..^Extension.Length);
            if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var start))
                return new RawObject(info.Key, info.Size, partition, start);
        }

        throw NotOurs(topic, info.Key);
    }

    private static RawDataException NotOurs(string topic, ObjectKey key) => new(
        $"Object {key} is not named {Prefix(topic)}<p>/{topic}+<p>+<offset>{Extension}: remove it from below {Prefix(topic)}.");
}
