using Sluice.Cleaning.Streaming;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Quality;

/// <summary>Waits until the stream job says that it has taken in so many records.</summary>
internal sealed class StreamTold : IProgress<StreamJobStatus>
{
    private readonly Lock _lock = new();
    private readonly List<(long Records, TaskCompletionSource Reached)> _waiting = [];
    private long _received;

    public void Report(StreamJobStatus value)
    {
        lock (_lock)
        {
            _received = value.Received;
            foreach (var (_, reached) in _waiting.Where(waiting => waiting.Records <= _received)) reached.TrySetResult();
        }
    }

    public Task ReceivedAsync(long records)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Add((records, reached));
            if (records <= _received) reached.TrySetResult();
        }

        return reached.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, CleaningBed.Cancel);
    }
}
