using System.Globalization;
using System.Text;

namespace Sluice.Sink;

/// <summary>The offsets that one object accounts for: from the end of the object before it up to, not including, its own.</summary>
/// <param name="From">The end of the object before; where the log gave no record between, the first offset of this one.</param>
/// <param name="First">The offset in the object's name: that of its first record, or <paramref name="From"/> when there is none.</param>
internal readonly record struct ObjectRange(long From, long First, long End);

/// <summary>
/// A decision to write objects, as the text attached to a committed offset: <c>objects=100-200,200-300</c>. It is committed
/// before the first byte is put, so that after a crash the very same ranges are written again, whatever the clock, the
/// configuration or newer records would decide by then. The same ranges of the same log have the same keys and bytes.
/// </summary>
internal static class Decision
{
    private const string Prefix = "objects=";

    public static string Format(ReadOnlySpan<ObjectRange> ranges)
    {
        var text = new StringBuilder(Prefix);
        foreach (var range in ranges)
        {
            if (text.Length > Prefix.Length) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{range.First}-{range.End}");
        }

        return text.ToString();
    }

    /// <summary>The ranges of a decision; none for a text that is no decision, such as the empty one that Kafka's tools commit.</summary>
    /// <param name="from">The offset that the text is attached to: the first of the first range.</param>
    /// <exception cref="InvalidDataException">The text begins as a decision and is none.</exception>
    public static ObjectRange[] Parse(string metadata, long from)
    {
        if (!metadata.StartsWith(Prefix, StringComparison.Ordinal)) return [];
        var ranges = new List<ObjectRange>();
        foreach (var text in metadata[Prefix.Length..].Split(','))
        {
            ranges.Add(ParseRange(text, from, metadata));
            from = ranges[^1].End;
        }

        return [.. ranges];
    }

    private static ObjectRange ParseRange(string text, long from, string metadata)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0
            && long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var end)
            && from <= first && first < end)
        {
            return new ObjectRange(from, first, end);
        }

        throw new InvalidDataException(
            $"The committed offset's metadata '{metadata}' is no decision of this sink: '{text}' is not <first>-<end>, from {from} on.");
    }
}
