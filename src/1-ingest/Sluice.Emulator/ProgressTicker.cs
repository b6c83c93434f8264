namespace Sluice.Emulator;

/// <summary>Reports the counts of all topics at a steady pace until it is disposed, and once more then.</summary>
internal sealed class ProgressTicker : IDisposable
{
    private readonly IReadOnlyList<TopicPoster> _posters;
    private readonly IProgress<EmulatorProgress>? _progress;
    private readonly TimeProvider _time;
    private readonly ITimer? _timer;
    private readonly long _start;
    private readonly Lock _gate = new();
    private long _last;

    public ProgressTicker(IReadOnlyList<TopicPoster> posters, IProgress<EmulatorProgress>? progress, TimeProvider time)
    {
        (_posters, _progress, _time) = (posters, progress, time);
        _start = _last = time.GetTimestamp();
        _timer = progress is null ? null : time.CreateTimer(
            _ => Report(), null, EmulatorLimits.ProgressInterval, EmulatorLimits.ProgressInterval);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        Report();
    }

    private void Report()
    {
        if (_progress is null)
        {
            return;
        }

        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var since = _time.GetElapsedTime(_last, now);
            _last = now;
            _progress.Report(new EmulatorProgress(
                [.. _posters.Select(p => p.Counts.Progress(since))], _time.GetElapsedTime(_start, now)));
        }
    }
}
