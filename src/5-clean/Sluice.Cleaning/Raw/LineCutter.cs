using System.Buffers;

namespace Sluice.Cleaning.Raw;

/// <summary>Cuts the bytes of one object, which arrive in chunks, into lines. Only LF ends a line, as in NDJSON.</summary>
internal sealed class LineCutter
{
    // The beginning of a line whose end lies in a later chunk.
    private ArrayBufferWriter<byte>? _begun;

    /// <summary>Whether the beginning of a line is kept.</summary>
    public bool HasBegun => _begun is not null;

    /// <summary>The next line of the chunk, without its LF; false when the chunk holds no further line end. What is left over is kept.</summary>
    public bool TryCut(ref ReadOnlyMemory<byte> chunk, out ReadOnlyMemory<byte> line)
    {
        var length = chunk.Span.IndexOf((byte)'\n');
        if (length < 0)
        {
            Keep(chunk.Span);
            chunk = default;
            line = default;
            return false;
        }

        line = _begun is null ? chunk[..length] : Finish(chunk.Span[..length]);
        if (line.Length > CleaningLimits.RecordBytesMax) line = line[..CleaningLimits.RecordBytesMax];
        chunk = chunk[(length + 1)..];
        return true;
    }

    /// <summary>The last line, when the object does not end with a line end.</summary>
    public bool TryCutLast(out ReadOnlyMemory<byte> line)
    {
        line = _begun is null ? default : Finish([]);
        return !line.IsEmpty;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        _begun ??= new ArrayBufferWriter<byte>(bytes.Length);
        // Of an endless line no more is held than is kept of it.
        _begun.Write(bytes[..Math.Min(bytes.Length, CleaningLimits.RecordBytesMax - _begun.WrittenCount)]);
    }

    private ReadOnlyMemory<byte> Finish(ReadOnlySpan<byte> end)
    {
        Keep(end);
        var line = _begun!.WrittenMemory;
        _begun = null;
        return line;
    }
}
