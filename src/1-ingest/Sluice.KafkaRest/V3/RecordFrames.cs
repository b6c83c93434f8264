using System.Buffers;

namespace Sluice.KafkaRest.V3;

/// <summary>
/// Finds where one JSON object of a stream ends and the next begins, looking at every byte once however slowly they come. Whether what it
/// finds is JSON is the parser's to say.
/// </summary>
internal struct RecordFrames
{
    private static readonly SearchValues<byte> s_ofString = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> s_ofStructure = SearchValues.Create("\"{}[]"u8);

    private int _depth;
    private bool _inString;
    private bool _isEscaped;

    /// <summary>Bytes of the object at hand that were looked at.</summary>
    private long _seen;

    /// <summary>
    /// The length of the object that the buffer begins with; null when it goes on behind the buffer, which is then handed in again with
    /// more of it. What begins with neither a brace nor a bracket is an object of one byte, for the parser to refuse.
    /// </summary>
    public long? Next(in ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (_seen == 0 && reader.TryPeek(out var first) && first is not ((byte)'{' or (byte)'[')) return 1;
        foreach (var piece in buffer.Slice(_seen))
        {
            if (EndIn(piece.Span) is { } end)
            {
                var length = _seen + end;
                this = default;
                return length;
            }

            _seen += piece.Length;
        }

        return null;
    }

    /// <summary>How many of the bytes belong to the object at hand; null when all do and it goes on.</summary>
    private int? EndIn(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length; at++)
        {
            if (_isEscaped)
            {
                _isEscaped = false;
                continue;
            }

            var next = bytes[at..].IndexOfAny(_inString ? s_ofString : s_ofStructure);
            if (next < 0) return null;
            at += next;
            if (bytes[at] == '"') _inString = !_inString;
            else if (_inString) _isEscaped = true;
            else if (bytes[at] is (byte)'{' or (byte)'[') _depth++;
            else if (--_depth <= 0) return at + 1;
        }

        return null;
    }
}
