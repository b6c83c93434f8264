using System.Buffers;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// Bytes of an object in memory from the pool, held by the reading and by every batch that has records in them. Fresh memory for each would be
/// collected so late that a run holds several times what it needs.
/// </summary>
internal sealed class RawChunk(int length)
{
    private readonly byte[] _bytes = ArrayPool<byte>.Shared.Rent(length);
    private int _holders = 1;

    public Memory<byte> Bytes => _bytes.AsMemory(0, length);

    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>The last who lets go gives the memory back.</summary>
    public void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) == 0) ArrayPool<byte>.Shared.Return(_bytes);
    }
}
