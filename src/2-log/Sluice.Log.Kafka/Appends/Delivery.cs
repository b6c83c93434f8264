using Confluent.Kafka;

namespace Sluice.Log.Kafka.Appends;

/// <summary>The records of one append on their way, until Kafka has answered for each.</summary>
internal sealed class Delivery(int count)
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly long[] _offsets = new long[count];
    private int _answered;

    /// <summary>Completes when every record is answered for.</summary>
    public Task All => _all.Task;

    /// <summary>The first error; null when there was none.</summary>
    public Error? Error { get; private set; }

    /// <summary>Offsets of the records as they were answered, when there was no error.</summary>
    public ReadOnlySpan<long> Offsets => _offsets;

    /// <summary>Takes an answer: Kafka's, or the producer's own for a record that it did not queue.</summary>
    public void Answer(Error error, long offset)
    {
        lock (_lock)
        {
            if (error.IsError) Error ??= error;
            _offsets[_answered++] = offset;
            if (_answered == count) _all.SetResult();
        }
    }
}
