using System.Threading.Tasks.Sources;
using Sluice.Log.Records;

namespace Sluice.Log.Partitions;

/// <summary>An append on its way: what the caller awaits and what the writer works on. Used again and again.</summary>
internal sealed class PendingAppend(AppendQueue owner) : IValueTaskSource<AppendResult>
{
    // The writer thread must not run what callers do next.
    private ManualResetValueTaskSourceCore<AppendResult> _core = new() { RunContinuationsAsynchronously = true };

    public ReadOnlyMemory<byte> Bytes { get; private set; }

    public CheckedBatch Batch { get; private set; }

    /// <summary>Set by the writer when the batch has its place.</summary>
    public long BaseOffset { get; set; }

    /// <summary>Set by the writer when it refuses the batch, whatever becomes of the others.</summary>
    public AppendError Refusal { get; set; }

    public ValueTask<AppendResult> Task => new(this, _core.Version);

    /// <summary>Set by the writer when it has written its time into the batch, ms since the epoch.</summary>
    public long? AppendTimeMs { get; set; }

    public void Begin(ReadOnlyMemory<byte> bytes, in CheckedBatch batch)
    {
        Bytes = bytes;
        Batch = batch;
        Refusal = AppendError.None;
        AppendTimeMs = null;
    }

    public void Complete(AppendError error)
    {
        if (error == AppendError.None) error = Refusal;
        _core.SetResult(error == AppendError.None ? new AppendResult(error, BaseOffset) { AppendTimeMs = AppendTimeMs } : new AppendResult(error, -1));
    }

    public AppendResult GetResult(short token)
    {
        var result = _core.GetResult(token);
        _core.Reset();
        Bytes = default;
        owner.Return(this);
        return result;
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
