namespace Sluice.Emulator;

/// <summary>The counts of one topic while it is posted; safe for all its workers at once.</summary>
internal sealed class TopicCounts(string topic)
{
    private readonly List<string> _reasons = [];
    private long _total;
    private long _sent;
    private long _accepted;
    private long _retried;
    private long _refused;
    private long _acceptedBefore;

    public void Expect(long records) => Volatile.Write(ref _total, records);

    public void AddSent(int records) => Interlocked.Add(ref _sent, records);

    public void AddAccepted(int records) => Interlocked.Add(ref _accepted, records);

    public void AddRetried(int records) => Interlocked.Add(ref _retried, records);

    public void AddRefused(int records, string reason)
    {
        Interlocked.Add(ref _refused, records);
        lock (_reasons)
        {
            if (_reasons.Count < EmulatorLimits.ReasonsKept && !_reasons.Contains(reason))
            {
                _reasons.Add(reason);
            }
        }
    }

    public TopicReport Report()
    {
        lock (_reasons)
        {
            return new TopicReport(topic, _sent, _accepted, _retried, _refused, [.. _reasons]);
        }
    }

    /// <param name="since">Time since the progress before.</param>
    public TopicProgress Progress(TimeSpan since)
    {
        var accepted = Volatile.Read(ref _accepted);
        var rate = since > TimeSpan.Zero ? (accepted - _acceptedBefore) / since.TotalSeconds : 0;
        _acceptedBefore = accepted;
        return new TopicProgress(
            topic,
            Volatile.Read(ref _total),
            Volatile.Read(ref _sent),
            accepted,
            Volatile.Read(ref _retried),
            Volatile.Read(ref _refused),
            rate);
    }
}
