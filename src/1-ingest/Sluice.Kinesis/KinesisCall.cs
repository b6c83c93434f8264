using System.Buffers;
using Sluice.Bytes;
using Sluice.Kinesis.Cbor;
using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis;

/// <summary>One request and its answer on their way; used again for the next request, with its buffers.</summary>
internal sealed class KinesisCall : IDisposable
{
    private readonly KinesisServices _services;
    private readonly JsonRequestReader _jsonReader = new();
    private readonly JsonResponseWriter _jsonWriter = new();
    private readonly CborRequestReader _cborReader = new();
    private readonly CborResponseWriter _cborWriter = new();
    private readonly ByteWriter _answer = new(initialBytes: 1024);
    private ByteWriter? _fetched;
    private byte[] _body = [];
    private HttpContext? _http;
    private RequestFields? _fields;
    private RequestReader? _reader;
    private long _reserved;

    public KinesisCall(KinesisServices services)
    {
        _services = services;
        Response = _jsonWriter;
    }

    public HttpContext Http => _http!;

    public CancellationToken Cancel => Http.RequestAborted;

    public KinesisServices Services => _services;

    public EmbeddedLog Log => _services.Log;

    public KinesisOptions Options => _services.Options;

    public WireFormat Format { get; private set; }

    /// <summary>Milliseconds since 1970.</summary>
    public long NowMs => _services.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The request, value by value; for actions that are called often. Use either this or <see cref="Fields"/>.</summary>
    public RequestReader Reader
    {
        get
        {
            if (_reader is not null) return _reader;
            _reader = ReaderFor(Format);
            _reader.Begin(_body, BodyLength);
            return _reader;
        }
    }

    /// <summary>The request as a tree; for actions that are called rarely.</summary>
    public RequestFields Fields => _fields ??= RequestFields.Read(Reader);

    /// <summary>Where the answer is written; an action that writes nothing answers an empty body.</summary>
    public ResponseWriter Response { get; private set; }

    /// <summary>What is written of the answer so far, for who has to know its size or brings it out in parts.</summary>
    public ByteWriter Answer => _answer;

    /// <summary>Where batches of the log are read into.</summary>
    public ByteWriter Fetched => _fetched ??= new ByteWriter(initialBytes: 4096);

    /// <summary>The records of the request, kept over requests.</summary>
    public PutState Puts { get; } = new();

    public int BodyLength { get; private set; }

    /// <summary>The body as it arrived, until something of it is read: text and blobs are decoded in place.</summary>
    public ReadOnlySpan<byte> Body => _body.AsSpan(0, BodyLength);

    /// <summary>The answer was sent already, in parts; nothing more is to be written.</summary>
    public bool IsAnswered { get; set; }

    public bool IsSmall =>
        _body.Length <= Options.Limits.SmallBytes * 2
        && _answer.Length <= Options.Limits.SmallBytes
        && (_fetched?.Length ?? 0) <= Options.Limits.SmallBytes
        && Puts.IsSmall;

    public void Begin(HttpContext http, WireFormat format)
    {
        _http = http;
        Format = format;
        Response = WriterFor(format);
        Response.Begin(_answer);
    }

    /// <summary>Waits for memory for something large, unless the call has some; false when too many wait already.</summary>
    public async ValueTask<bool> ReserveAsync(long bytes)
    {
        if (_reserved > 0) return true;
        if (await _services.Budget.TakeAsync(bytes, Cancel) is not { } taken) return false;
        _reserved = taken;
        return true;
    }

    /// <summary>Gives back what <see cref="ReserveAsync"/> took.</summary>
    public void Release()
    {
        if (_reserved == 0) return;
        _services.Budget.Return(_reserved);
        _reserved = 0;
    }

    public void GrowBody(int bytes)
    {
        if (bytes <= _body.Length) return;
        var larger = ArrayPool<byte>.Shared.Rent(bytes);
        Body.CopyTo(larger);
        if (_body.Length > 0) ArrayPool<byte>.Shared.Return(_body);
        _body = larger;
    }

    public void AddBody(in ReadOnlySequence<byte> bytes)
    {
        var total = BodyLength + (int)bytes.Length;
        if (total > _body.Length) GrowBody(Math.Max(total, _body.Length * 2));
        bytes.CopyTo(_body.AsSpan(BodyLength));
        BodyLength = total;
    }

    /// <summary>
    /// Sends what is written of the answer, no faster than the client takes it: given to the server at once it would be copied whole.
    /// </summary>
    public async ValueTask SendAsync()
    {
        var rest = _answer.Written;
        while (rest.Length > 0)
        {
            var part = rest[..Math.Min(rest.Length, Options.Limits.SmallBytes)];
            var flushed = await Http.Response.BodyWriter.WriteAsync(part, Cancel);
            if (flushed.IsCompleted) return;
            rest = rest[part.Length..];
        }
    }

    /// <summary>Makes the call ready for the next request.</summary>
    public void Reset()
    {
        _http = null;
        _fields = null;
        _reader = null;
        BodyLength = 0;
        IsAnswered = false;
        _answer.Reset();
        _fetched?.Reset();
        Puts.Reset();
        Release();
    }

    public void Dispose()
    {
        Reset();
        // It writes what it holds into the answer, so it goes first.
        _jsonWriter.Dispose();
        _answer.Dispose();
        _fetched?.Dispose();
        Puts.Dispose();
        if (_body.Length > 0) ArrayPool<byte>.Shared.Return(_body);
        _body = [];
    }

    private RequestReader ReaderFor(WireFormat format) => format == WireFormat.Cbor ? _cborReader : _jsonReader;

    private ResponseWriter WriterFor(WireFormat format) => format == WireFormat.Cbor ? _cborWriter : _jsonWriter;
}
