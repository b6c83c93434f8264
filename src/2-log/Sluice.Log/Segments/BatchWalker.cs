using System.Buffers;
using Sluice.Bytes;
using Sluice.Log.Records;

namespace Sluice.Log.Segments;

/// <summary>
/// Steps from batch to batch through a part of a segment file, reading in chunks. Bodies are read only when asked for, so large
/// batches are stepped over without touching them.
/// </summary>
internal sealed class BatchWalker(IFile file, long position, long limit, int chunkBytes) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(chunkBytes);
    private long _windowAt;
    private int _windowBytes;
    private RecordBatchHeader _header;

    /// <summary>Where the current batch begins; after <see cref="MoveNext"/> returned false, where the next one would.</summary>
    public long Position { get; private set; } = position;

    public ref readonly RecordBatchHeader Header => ref _header;

    /// <summary>False at the limit, and where no whole batch begins: then <see cref="Position"/> is below the limit.</summary>
    public bool MoveNext()
    {
        Position += _header.SizeBytes;
        _header = default;
        if (limit - Position < RecordBatchHeader.Size) return false;
        if (RecordBatchHeader.TryRead(Window(RecordBatchHeader.Size).Span, out _header) && _header.SizeBytes <= limit - Position) return true;
        _header = default;
        return false;
    }

    /// <summary>The bytes of the current batch, valid until the next step; shorter than the batch when the file ends within it.</summary>
    public ReadOnlySpan<byte> ReadBatch() => Window(_header.SizeBytes).Span;

    /// <inheritdoc cref="ReadBatch"/>
    public ReadOnlyMemory<byte> ReadBatchMemory() => Window(_header.SizeBytes);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private ReadOnlyMemory<byte> Window(int wanted)
    {
        var skip = Position - _windowAt;
        if (skip < 0 || skip + wanted > _windowBytes)
        {
            if (wanted > _buffer.Length)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(wanted);
            }

            var room = (int)Math.Min(Math.Max(chunkBytes, wanted), limit - Position);
            _windowAt = Position;
            _windowBytes = file.Read(_buffer.AsSpan(0, room), Position);
            skip = 0;
        }

        return _buffer.AsMemory((int)skip, (int)Math.Min(wanted, _windowBytes - skip));
    }
}
