using System.Globalization;

namespace Sluice.Cleaning.Streaming;

/// <summary>Retention removed records from the log before they were cleaned. Nothing behind them is cleaned until the gap is accepted.</summary>
public sealed class StreamGapException : Exception
{
    internal StreamGapException(string dataset, string stream, IReadOnlyList<StreamGap> gaps)
        : base(Text(dataset, stream, gaps)) => Gaps = gaps;

    public IReadOnlyList<StreamGap> Gaps { get; }

    private static string Text(string dataset, string stream, IReadOnlyList<StreamGap> gaps)
    {
        var ranges = gaps.Select(gap => string.Create(CultureInfo.InvariantCulture, $"{gap.From} to {gap.To - 1} of shard {gap.Shard}"));
        return $"Stream {stream}: records {string.Join(", ", ranges)} were removed by retention before they were cleaned into stream.{dataset}. "
            + "Restore the log from a copy, or go on without them by accepting the gap (the ledger then counts them as skipped); "
            + "a longer retention of the stream keeps it from happening again.";
    }
}

/// <summary>Records of a shard that are gone: from <paramref name="From"/> up to, not with, <paramref name="To"/>.</summary>
public readonly record struct StreamGap(int Partition, string Shard, long From, long To);
