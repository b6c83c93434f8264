using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Bytes;

namespace Sluice.Kinesis.Wire;

/// <summary>AWS JSON 1.1: blobs in base64, moments in seconds with three decimals.</summary>
internal sealed class JsonResponseWriter : ResponseWriter, IDisposable
{
    private const int FlushBytes = 64 << 10;
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private Utf8JsonWriter? _writer;
    private ByteWriter _into = null!;

    private Utf8JsonWriter Writer => _writer!;

    public override void Begin(ByteWriter into)
    {
        _into = into;
        if (_writer is null) _writer = new Utf8JsonWriter(into, s_options);
        else _writer.Reset(into);
    }

    public void Dispose() => _writer?.Dispose();

    public override void Flush() => Writer.Flush();

    public override void StartMap() => Writer.WriteStartObject();

    public override void EndMap() => Writer.WriteEndObject();

    public override void StartList() => Writer.WriteStartArray();

    public override void EndList() => Writer.WriteEndArray();

    public override void Name(ReadOnlySpan<byte> name) => Writer.WritePropertyName(name);

    public override void Text(ReadOnlySpan<byte> utf8) => Writer.WriteStringValue(utf8);

    public override void Text(string text) => Writer.WriteStringValue(text);

    public override void Integer(long value) => Writer.WriteNumberValue(value);

    public override void Boolean(bool value) => Writer.WriteBooleanValue(value);

    public override void Null() => Writer.WriteNullValue();

    public override void Blob(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= FlushBytes)
        {
            Writer.WriteBase64StringValue(bytes);
            return;
        }

        // The writer would take room for the text twice; a large blob goes straight into the buffer, between its quotes.
        Writer.WriteRawValue("\""u8, skipInputValidation: true);
        Writer.Flush();
        var span = _into.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length) + 1);
        Base64.EncodeToUtf8(bytes, span, out _, out var written);
        span[written] = (byte)'"';
        _into.Advance(written + 1);
    }

    public override void Timestamp(long milliseconds)
    {
        Span<byte> text = stackalloc byte[24];
        var (seconds, rest) = Math.DivRem(milliseconds, 1000);
        Utf8Formatter.TryFormat(seconds, text, out var length);
        text[length++] = (byte)'.';
        Utf8Formatter.TryFormat(rest, text[length..], out var decimals, new System.Buffers.StandardFormat('D', 3));
        Writer.WriteRawValue(text[..(length + decimals)], skipInputValidation: true);
    }
}
