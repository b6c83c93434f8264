namespace Sluice.Tables;

/// <summary>Keeps the newest snapshot seen, so that the next one costs only the commits since.</summary>
internal sealed class SnapshotCache(TableName table, SnapshotLoader loader, TimeProvider time, TablesOptions options)
{
    private readonly Lock _lock = new();
    private Snapshot? _last;
    private long _confirmed;

    /// <summary>The newest snapshot seen; null before the first.</summary>
    public Snapshot? Last
    {
        get
        {
            lock (_lock) return _last;
        }
    }

    public async ValueTask<Snapshot> NewestAsync(CancellationToken cancel)
    {
        if (Fresh() is { } known)
        {
            var advanced = await loader.AdvanceAsync(known, cancel);
            return Offer(Readable(advanced ?? known));
        }

        var (snapshot, fault) = await loader.LoadAsync(version: null, cancel);
        return Offer(Readable(snapshot ?? throw new TableFormatException(table, fault)));
    }

    /// <summary>Makes a snapshot the newest seen, unless a newer one is known.</summary>
    /// <returns>The newest one seen.</returns>
    public Snapshot Offer(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (_last is null || snapshot.Version > _last.Version) _last = snapshot;
            _confirmed = time.GetTimestamp();
            return _last;
        }
    }

    /// <summary>Takes a leaner form of the newest snapshot seen; a form of an older one is of no use.</summary>
    public void Slim(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (_last?.Version == snapshot.Version) _last = snapshot;
        }
    }

    /// <exception cref="TableUnsupportedException">The table needs a reader feature, or a change of a column's type, that is missing here.</exception>
    public Snapshot Readable(Snapshot snapshot) => (Features.ReadFault(snapshot.Protocol) ?? TypeWidening.Fault(snapshot.DeltaSchema)) is { } fault
        ? throw new TableUnsupportedException(table, fault)
        : snapshot;

    /// <summary>The last snapshot while it is young: old commits may be cleaned up, and then the next one by number is not the next.</summary>
    private Snapshot? Fresh()
    {
        lock (_lock) return _last is not null && time.GetElapsedTime(_confirmed) < options.SnapshotAgeMax ? _last : null;
    }
}
