namespace Sluice.Cleaning.Streaming;

/// <summary>What a drain did: the difference of the stream's counts.</summary>
internal sealed class DrainRun(DatasetStream stream, TimeProvider time, IProgress<CleanReport>? progress)
{
    private readonly StreamJobStatus _before = stream.Progress.Status;
    private readonly long _started = time.GetTimestamp();

    public CleanReport Report()
    {
        var now = stream.Progress.Status;
        var report = new CleanReport(
            now.Dataset, stream.Target.Path, now.Received - _before.Received, now.Clean - _before.Clean, now.Quarantined - _before.Quarantined,
            now.Duplicates - _before.Duplicates, now.Commits - _before.Commits, time.GetElapsedTime(_started), now.Positions)
        {
            Dropped = now.Dropped - _before.Dropped,
        };
        progress?.Report(report);
        return report;
    }
}
