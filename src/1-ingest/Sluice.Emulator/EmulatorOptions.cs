using System.Globalization;

namespace Sluice.Emulator;

/// <summary>Which rows are posted, and in which order.</summary>
public enum Draw
{
    /// <summary>Each row once, in key order.</summary>
    EachOnce,

    /// <summary>
    /// As the described posting scripts: row numbers drawn with replacement from a seeded generator, the same number for
    /// every table in one step. The same seed draws the same rows again.
    /// </summary>
    RandomWithReplacement,
}

/// <summary>How the emulator posts.</summary>
public sealed record EmulatorOptions
{
    public Draw Draw { get; init; } = Draw.EachOnce;

    /// <summary>Most rows per table; null is every row with <see cref="Draw.EachOnce"/>, and as many draws as the smallest
    /// table has rows otherwise.</summary>
    public long? Rows { get; init; }

    /// <summary>Seed of the draws. The described scripts use 100.</summary>
    public long Seed { get; init; } = 100;

    /// <summary>Draws stay below this row number; null is the size of the smallest table. The described scripts use 11,001.</summary>
    public long? DrawBelow { get; init; }

    /// <summary>Records in one post; the described scripts send one.</summary>
    public int RecordsPerPost { get; init; } = 1;

    /// <summary>Records per second over all topics together; null is as fast as the answers come.</summary>
    public double? Rate { get; init; }

    /// <summary>Posts under way per topic, 1 to <see cref="EmulatorLimits.LargestInFlight"/>.</summary>
    public int InFlight { get; init; } = EmulatorLimits.InFlight;

    /// <summary>Sent as x-api-key.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Tries of one post in all.</summary>
    public int Attempts { get; init; } = EmulatorLimits.Attempts;

    /// <summary>How long one try may take.</summary>
    public TimeSpan AttemptTimeout { get; init; } = EmulatorLimits.AttemptTimeout;

    /// <summary>Pause before the first retry; it doubles from there, with jitter.</summary>
    public TimeSpan FirstPause { get; init; } = EmulatorLimits.FirstPause;

    /// <summary>Longest pause, also where a Retry-After asks for more.</summary>
    public TimeSpan LongestPause { get; init; } = EmulatorLimits.LongestPause;

    /// <summary>Streams only: one partition key for all records. Null takes each row's own key, so that shards share the load.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>What is wrong with these options, each with its remedy; empty when nothing is.</summary>
    public IReadOnlyList<string> Faults() => FaultsWith(recordsPerPostMax: 100_000);

    /// <summary>As <see cref="Faults"/>, with the bounds of Kinesis.</summary>
    public IReadOnlyList<string> StreamFaults()
    {
        var faults = FaultsWith(EmulatorLimits.StreamRecordsPerPost);
        if (PartitionKey is { Length: 0 or > EmulatorLimits.PartitionKeyLength })
        {
            faults.Add($"a partition key of {PartitionKey.Length} characters: give 1 to {EmulatorLimits.PartitionKeyLength}.");
        }

        return faults;
    }

    private List<string> FaultsWith(int recordsPerPostMax)
    {
        var faults = new List<string>();
        Check(
            RecordsPerPost >= 1 && RecordsPerPost <= recordsPerPostMax,
            string.Create(CultureInfo.InvariantCulture, $"{RecordsPerPost} records per post: give 1 to {recordsPerPostMax:N0}."));
        Check(InFlight is >= 1 and <= EmulatorLimits.LargestInFlight, $"{InFlight} posts in flight: give 1 to {EmulatorLimits.LargestInFlight}.");
        Check(Rate is null or > 0, $"rate {Rate}: give a number of records per second above 0.");
        Check(Rows is null or > 0, $"{Rows} rows: give 1 or more.");
        Check(DrawBelow is null or (> 0 and <= uint.MaxValue), $"draws below {DrawBelow}: give 1 to {uint.MaxValue}.");
        Check(Attempts is >= 1 and <= 100, $"{Attempts} attempts: give 1 to 100.");
        return faults;

        void Check(bool isRight, string fault)
        {
            if (!isRight)
            {
                faults.Add(fault);
            }
        }
    }
}
