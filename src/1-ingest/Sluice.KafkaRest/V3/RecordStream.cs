using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.V3;

/// <summary>What came of one read: records in their order, then what ended the stream before its end, if anything did.</summary>
internal readonly record struct StreamRound(List<V3Record> Records, RestError? Error, bool IsLast);

/// <summary>
/// Reads the records of a produce request as they come: JSON objects one after the other. A client may take its time, for hours if it
/// likes; what is bounded is one record, and how long the stream is open.
/// </summary>
internal sealed class RecordStream : IAsyncDisposable
{
    private readonly HttpContext _http;
    private readonly KafkaRestOptions _options;
    private readonly TimeProvider _time;
    private readonly PipeReader _reader;
    private readonly ITimer? _end;
    private readonly long _opened;
    private RecordFrames _frames;

    public RecordStream(RestRequest request)
    {
        (_http, _options, _time) = (request.Http, request.Services.Options, request.Services.Time);
        _reader = _http.Request.BodyReader;
        _opened = _time.GetTimestamp();
        if (_http.Request.ContentLength is not null) return;
        LiftLimits();
        _end = _time.CreateTimer(
            static reader => ((PipeReader)reader!).CancelPendingRead(), _reader, _options.StreamDurationMax + _options.StreamGrace, Timeout.InfiniteTimeSpan);
    }

    /// <exception cref="BadHttpRequestException">The request is broken, and nothing of it was answered yet.</exception>
    public async ValueTask<StreamRound> ReadAsync(CancellationToken cancel)
    {
        ReadResult read;
        try
        {
            read = await _reader.ReadAsync(cancel);
        }
        catch (BadHttpRequestException broken) when (_http.Response.HasStarted)
        {
            return new StreamRound([], RestError.BadRequest(broken.Message), IsLast: true);
        }

        if (read.IsCanceled)
        {
            _reader.AdvanceTo(read.Buffer.Start);
            return new StreamRound([], RestError.StreamTooLong, IsLast: true);
        }

        var (records, rest, error) = Take(read.Buffer, read.IsCompleted);
        var isLast = error is not null || (read.IsCompleted && rest.IsEmpty);
        var isCut = records.Count == _options.RequestRecordsMax;
        _reader.AdvanceTo(rest.Start, isCut ? rest.Start : read.Buffer.End);
        if (_time.GetElapsedTime(_opened) >= _options.StreamDurationMax)
            records = records.ConvertAll(record => record with { Error = RestError.StreamTooLong });
        return new StreamRound(records, error, isLast);
    }

    public ValueTask DisposeAsync() => _end?.DisposeAsync() ?? default;

    /// <summary>A stream has no length, and its client writes when it has something to say.</summary>
    private void LiftLimits()
    {
        if (_http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (_http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
    }

    /// <summary>The whole objects at the front of the buffer, and what follows them.</summary>
    private (List<V3Record> Records, ReadOnlySequence<byte> Remaining, RestError? Error) Take(ReadOnlySequence<byte> rest, bool isCompleted)
    {
        var records = new List<V3Record>();
        while (records.Count < _options.RequestRecordsMax)
        {
            var white = new SequenceReader<byte>(rest);
            white.AdvancePastAny(" \t\r\n"u8);
            rest = rest.Slice(white.Position);
            if (rest.IsEmpty) break;
            var length = _frames.Next(rest);
            if (length is null && !isCompleted)
            {
                // Twice the largest record covers its base64 and its envelope.
                var isTooLarge = rest.Length > 2L * _options.RecordBytesMax;
                return (records, rest, isTooLarge ? RestError.RecordTooLarge(_options.RecordBytesMax) with { Status = 400, Code = 400 } : null);
            }

            // What the request ends within is the parser's to refuse.
            var frame = rest.Slice(0, length ?? rest.Length);
            rest = rest.Slice(frame.End);
            var (record, error) = Parse(frame);
            if (error is not null) return (records, rest, error);
            records.Add(record!);
        }

        return (records, rest, null);
    }

    private (V3Record? Record, RestError? Error) Parse(ReadOnlySequence<byte> frame)
    {
        try
        {
            using var document = JsonDocument.Parse(frame, new JsonDocumentOptions { MaxDepth = _options.JsonDepthMax });
            return (V3Record.Parse(document.RootElement, withId: false), null);
        }
        catch (JsonException malformed)
        {
            return (null, RestError.BadRequest("Malformed JSON: " + malformed.Message));
        }
        catch (InvalidOperationException)
        {
            // The parser's answer to half of a surrogate pair in an escaped string.
            return (null, RestError.BadRequest("Malformed JSON: a string holds an unpaired surrogate escape."));
        }
    }
}
