using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary><c>POST .../topics/{topic}/records</c>: JSON objects one after the other, a receipt for each in the order of the request.</summary>
/// <remarks>
/// Receipts go out while the request still comes in. The status is that of the record when a body of known length holds one; else it is
/// 200 and says nothing about records. Malformed JSON gets a receipt of 400 and ends the answer.
/// </remarks>
internal static class V3Produce
{
    public static async Task StreamAsync(RestRequest request)
    {
        if (await V3Call.FindTopicAsync(request) is not { } topic) return;
        var http = request.Http;
        var limit = http.Features.Get<IHttpMaxRequestBodySizeFeature>();

        // A stream has no end; what is bounded is one record of it.
        if (limit is { IsReadOnly: false } && http.Request.ContentLength is null) limit.MaxRequestBodySize = null;
        var isFirst = true;
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(request.Cancel);
            var (records, rest, malformed) = Take(read.Buffer, read.IsCompleted, request.Services.Options);
            var ends = malformed is not null || (read.IsCompleted && read.Buffer.Slice(rest).IsEmpty);
            var isCut = records.Count == request.Services.Options.RequestRecordsMax;
            reader.AdvanceTo(rest, isCut ? rest : read.Buffer.End);
            if (records.Count > 0 || malformed is not null)
            {
                var receipts = await V3Append.AppendAsync(request.Services, topic, records, request.Cancel);
                WriteReceipts(request, topic, records, receipts, malformed, isSingle: isFirst && ends && http.Request.ContentLength is not null);
                isFirst = false;
                await http.Response.BodyWriter.FlushAsync(request.Cancel);
            }

            if (!ends) continue;
            if (isFirst) RestResponse.WriteError(http, RestError.NullPayload, Negotiation.Json);
            return;
        }
    }

    /// <summary>The whole objects at the front of the buffer, and where the next one begins.</summary>
    private static (List<V3Record> Records, SequencePosition Next, RestError? Malformed) Take(
        ReadOnlySequence<byte> buffer, bool isCompleted, KafkaRestOptions options)
    {
        var records = new List<V3Record>();
        var json = new JsonReaderOptions { MaxDepth = options.JsonDepthMax };
        while (true)
        {
            var white = new SequenceReader<byte>(buffer);
            white.AdvancePastAny(" \t\r\n"u8);
            buffer = buffer.Slice(white.Position);
            if (buffer.IsEmpty || records.Count == options.RequestRecordsMax) return (records, buffer.Start, null);
            try
            {
                var reader = new Utf8JsonReader(buffer, isCompleted, new JsonReaderState(json with { AllowMultipleValues = true }));
                if (!JsonDocument.TryParseValue(ref reader, out var document))
                {
                    // Twice the largest record covers its base64 and its envelope.
                    var tooLarge = buffer.Length > 2L * options.RecordBytesMax;
                    return (records, buffer.Start, tooLarge ? RestError.RecordTooLarge(options.RecordBytesMax) with { Status = 400, Code = 400 } : null);
                }

                using (document) records.Add(V3Record.Parse(document.RootElement, withId: false));
                buffer = buffer.Slice(reader.Position);
            }
            catch (JsonException malformed)
            {
                return (records, buffer.End, RestError.BadRequest("Malformed JSON: " + malformed.Message));
            }
            catch (InvalidOperationException)
            {
                // The reader's answer to half of a surrogate pair in an escaped string.
                return (records, buffer.End, RestError.BadRequest("Malformed JSON: a string holds an unpaired surrogate escape."));
            }
        }
    }

    private static void WriteReceipts(
        RestRequest request, TopicDescription topic, List<V3Record> records, V3Receipt[] receipts, RestError? malformed, bool isSingle)
    {
        var response = request.Http.Response;
        if (!response.HasStarted)
        {
            var first = receipts.Length > 0 ? receipts[0].Error : malformed;
            response.StatusCode = isSingle && receipts.Length + (malformed is null ? 0 : 1) == 1 && first is not null ? first.Status : 200;
            response.ContentType = Negotiation.Json;
        }

        var json = new JsonWriterOptions { Encoder = RestResponse.JsonOptions.Encoder, SkipValidation = true };
        using var writer = new Utf8JsonWriter(response.BodyWriter, json);
        for (var i = 0; i < receipts.Length; i++)
        {
            if (receipts[i].Error is { } error) WriteError(writer, error);
            else Write(writer, request, topic, records[i], receipts[i]);
            EndReceipt();
        }

        if (malformed is null) return;
        WriteError(writer, malformed);
        EndReceipt();

        void EndReceipt()
        {
            writer.Flush();
            writer.Reset();
            response.BodyWriter.Write("\r\n"u8);
        }
    }

    private static void WriteError(Utf8JsonWriter writer, RestError error)
    {
        writer.WriteStartObject();
        writer.WriteNumber("error_code"u8, error.Code);
        writer.WriteString("message"u8, error.Message);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, RestRequest request, TopicDescription topic, V3Record record, V3Receipt receipt)
    {
        writer.WriteStartObject();
        WriteFields(writer, request, topic, record, receipt);
        writer.WriteEndObject();
    }

    /// <summary>The fields of a stored record's receipt.</summary>
    public static void WriteFields(Utf8JsonWriter writer, RestRequest request, TopicDescription topic, V3Record record, V3Receipt receipt)
    {
        writer.WriteNumber("error_code"u8, 200);
        writer.WriteString("cluster_id"u8, request.Services.ClusterId);
        writer.WriteString("topic_name"u8, topic.Name);
        writer.WriteNumber("partition_id"u8, receipt.Partition);
        writer.WriteNumber("offset"u8, receipt.Offset);
        writer.WriteString("timestamp"u8, DateTimeOffset.FromUnixTimeMilliseconds(receipt.TimestampMs).UtcDateTime);
        WriteData(writer, "key", record.Key);
        WriteData(writer, "value", record.Value);
    }

    private static void WriteData(Utf8JsonWriter writer, string name, V3Data? data)
    {
        if (data is null) return;
        writer.WriteStartObject(name);
        writer.WriteString("type"u8, data.Type);
        writer.WriteNumber("size"u8, data.Bytes?.Length ?? 0);
        writer.WriteEndObject();
    }
}
