namespace Sluice.Definition;

/// <summary>Finds what somebody may have meant.</summary>
internal static class Spelling
{
    // More names than this help nobody in one line.
    private const int NamesShownMax = 12;

    /// <summary>"; did you mean 'retries'?" when one of the names is close to the word, else "; known are ...".</summary>
    public static string Hint(string word, IReadOnlyCollection<string> names)
    {
        if (names.Count == 0) return "";
        var nearest = names.MinBy(name => Distance(word, name))!;
        return Distance(word, nearest) <= Math.Max(2, word.Length / 3)
            ? $"; did you mean '{nearest}'?"
            : $"; known are {string.Join(", ", names.Take(NamesShownMax))}{(names.Count > NamesShownMax ? ", ..." : "")}";
    }

    /// <summary>Letters to add, drop or change to get from one word to the other (Levenshtein).</summary>
    internal static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        foreach (var (i, letter) in a.Index())
        {
            var current = new int[b.Length + 1];
            current[0] = i + 1;
            for (var j = 1; j <= b.Length; j++)
            {
                var changed = previous[j - 1] + (char.ToLowerInvariant(letter) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                current[j] = Math.Min(changed, Math.Min(previous[j], current[j - 1]) + 1);
            }

            previous = current;
        }

        return previous[b.Length];
    }
}
