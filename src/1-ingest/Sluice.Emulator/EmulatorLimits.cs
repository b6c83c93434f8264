namespace Sluice.Emulator;

/// <summary>The bounds of the emulator, each with where its number comes from.</summary>
public static class EmulatorLimits
{
    /// <summary>Posts under way per topic: enough that a group commit of a millisecond or two is always full, few enough
    /// that a stage's default burst is not exceeded by one topic.</summary>
    public const int InFlight = 32;

    /// <summary>Largest posts under way per topic: 3 topics stay below the 1,024 open files of a default shell.</summary>
    public const int LargestInFlight = 256;

    /// <summary>Bytes of one post, beyond which a batch is posted before it is full: a twentieth of the gateway's
    /// 10 MB, so that nothing queues behind one large post.</summary>
    public const int PostBytes = 512 * 1024;

    /// <summary>Records of one post to a stream: Kinesis takes 500 in a PutRecords.</summary>
    public const int StreamRecordsPerPost = 500;

    /// <summary>Characters of a partition key: Kinesis takes 256.</summary>
    public const int PartitionKeyLength = 256;

    /// <summary>Tries of one post in all: with the pauses below, about half a minute of patience.</summary>
    public const int Attempts = 10;

    /// <summary>How long one try may take: API Gateway ends an integration after 29 s, and its answer shall still arrive.</summary>
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Pause before the first retry; it doubles from there: AWS SDKs begin at 50 to 100 ms.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause, also where a Retry-After asks for more: AWS SDKs end at 20 s.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    /// <summary>Reasons of refusals kept per topic: enough to see a pattern.</summary>
    public const int ReasonsKept = 5;

    /// <summary>Characters kept of an answer's error message.</summary>
    public const int ReasonLength = 300;

    /// <summary>Between two progress reports: four a second look alive and cost nothing.</summary>
    public static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Rows drawn per look-up at the source when rows are drawn at random.</summary>
    public const int RowsPerDraw = 512;

    /// <summary>How long the rate limiter may run ahead or catch up: hides a timer's coarseness of some 15 ms without
    /// letting a burst through that a throttle would see.</summary>
    public static readonly TimeSpan RateSlack = TimeSpan.FromMilliseconds(50);

    /// <summary>Largest answer read: ten times what one thousand offsets take.</summary>
    public const int AnswerBytes = 1024 * 1024;
}
