using System.Buffers;

namespace Sluice.KafkaRest.V3;

/// <summary>
/// Finds where one JSON object of a stream ends and the next begins, looking at every byte once however slowly they come. Whether what it
/// finds is JSON is the parser's to say.
/// </summary>
internal struct RecordFrames
{
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
        foreach (var piece in buffer.Slice(_seen))
        {
            var bytes = piece.Span;
            for (var i = 0; i < bytes.Length; i++)
            {
                if (!Ends(bytes[i])) continue;
                var length = _seen + i + 1;
                this = default;
                return length;
            }

            _seen += bytes.Length;
        }

        return null;
    }

    private bool Ends(byte character)
    {
        if (_isEscaped)
        {
            _isEscaped = false;
            return false;
        }

        switch (character)
        {
            case (byte)'\\' when _inString:
                _isEscaped = true;
                break;
            case (byte)'"':
                _inString = !_inString;
                break;
            case (byte)'{' or (byte)'[' when !_inString:
                _depth++;
                break;
            case (byte)'}' or (byte)']' when !_inString:
                _depth--;
                break;
        }

        return _depth <= 0;
    }
}
