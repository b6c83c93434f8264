using System.Globalization;
using System.Text;

namespace Sluice.Sink;

/// <summary>The records of one object: from the first offset up to, not including, the end.</summary>
internal readonly record struct ObjectRange(long Start, long End);

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
            text.Append(CultureInfo.InvariantCulture, $"{range.Start}-{range.End}");
        }

        return text.ToString();
    }

    /// <summary>The ranges of a decision; none for a text that is no decision, such as the empty one that Kafka's tools commit.</summary>
    /// <exception cref="InvalidDataException">The text begins as a decision and is none.</exception>
    public static ObjectRange[] Parse(string metadata)
    {
        if (!metadata.StartsWith(Prefix, StringComparison.Ordinal)) return [];
        return [.. metadata[Prefix.Length..].Split(',').Select(text => ParseRange(text, metadata))];
    }

    private static ObjectRange ParseRange(string text, string metadata)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0
            && long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var end)
            && start < end)
        {
            return new ObjectRange(start, end);
        }

        throw new InvalidDataException($"The committed offset's metadata '{metadata}' is no decision of this sink: '{text}' is not <start>-<end>.");
    }
}
