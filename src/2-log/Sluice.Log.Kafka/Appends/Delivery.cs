using Confluent.Kafka;

namespace Sluice.Log.Kafka.Appends;

/// <summary>The records of one append on their way, until Kafka has answered for each.</summary>
internal sealed class Delivery(int count)
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly long[] _offsets = new long[count];
    private int _answered;
    private int _stored;
    private int _unknown;

    /// <summary>Completes when every record is answered for.</summary>
    public Task All => _all.Task;

    /// <summary>The first error; null when there was none.</summary>
    public Error? Error { get; private set; }

    /// <summary>Whether not one record is stored, for certain.</summary>
    public bool IsNothingStored => _stored == 0 && _unknown == 0;

    /// <summary>What became of the records, in words, when there was an error.</summary>
    public string Fate => _stored > 0 && _unknown == 0
        ? $"{_stored} of its {count} records are stored, and will be twice if all are sent again"
        : "the records may be stored or not";

    /// <summary>Offsets of the records as they were answered, when there was no error.</summary>
    public ReadOnlySpan<long> Offsets => _offsets;

    /// <summary>Takes an answer: Kafka's, or the producer's own for a record that it did not queue.</summary>
    public void Answer(Error error, PersistenceStatus status, long offset)
    {
        lock (_lock)
        {
            if (error.IsError) Error ??= error;
            if (status == PersistenceStatus.Persisted) _stored++;
            if (status == PersistenceStatus.PossiblyPersisted) _unknown++;
            _offsets[_answered++] = offset;
            if (_answered == count) _all.SetResult();
        }
    }
}
