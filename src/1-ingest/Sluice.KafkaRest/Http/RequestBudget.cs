namespace Sluice.KafkaRest.Http;

/// <summary>Bounds the bytes of all request bodies held at one moment.</summary>
internal sealed class RequestBudget(long bytesMax)
{
    private long _used;

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= bytesMax) return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
