namespace Sluice.Emulator;

/// <summary>
/// What became of every row: per topic, sent = accepted + refused, also when the run was canceled or stopped.
/// </summary>
/// <param name="Stopped">Why the run ended before the rows did, with the remedy; null when it did not. A canceled run
/// ends its posts under way first.</param>
public sealed record EmulatorReport(IReadOnlyList<TopicReport> Topics, TimeSpan Elapsed, string? Stopped)
{
    public long Sent => Topics.Sum(t => t.Sent);

    public long Accepted => Topics.Sum(t => t.Accepted);

    public long Retried => Topics.Sum(t => t.Retried);

    public long Refused => Topics.Sum(t => t.Refused);

    /// <summary>Whether every row asked for was accepted.</summary>
    public bool IsComplete => Stopped is null && Refused == 0;
}

/// <summary>The counts of one topic, in records.</summary>
/// <param name="Sent">Records posted at least once.</param>
/// <param name="Accepted">Records the server confirmed.</param>
/// <param name="Retried">Records posted again, counted each time.</param>
/// <param name="Refused">Records the server did not take, or did not confirm within all tries.</param>
/// <param name="Reasons">The first different reasons of refusals.</param>
public sealed record TopicReport(
    string Topic, long Sent, long Accepted, long Retried, long Refused, IReadOnlyList<string> Reasons);

/// <summary>A look at a run under way.</summary>
/// <param name="Elapsed">Since the run began.</param>
public sealed record EmulatorProgress(IReadOnlyList<TopicProgress> Topics, TimeSpan Elapsed);

/// <summary>The counts of one topic so far, in records.</summary>
/// <param name="Total">Records there will be.</param>
/// <param name="Rate">Accepted records per second since the report before.</param>
public sealed record TopicProgress(
    string Topic, long Total, long Sent, long Accepted, long Retried, long Refused, double Rate);
