using System.Buffers;
using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary><c>POST .../topics/{topic}/records</c>: JSON objects one after the other, a receipt for each in the order of the request.</summary>
/// <remarks>
/// Receipts go out while the request still comes in. The status is that of the record when a body of known length holds one; else it is
/// 200 and says nothing about records. Malformed JSON gets a receipt of 400 and ends the answer, as does a stream that breaks off; one that
/// is open for longer than allowed gets 408. A client reads its receipts while it writes: when it lets them pile up, it is read from no
/// further.
/// </remarks>
internal static class V3Produce
{
    public static async Task StreamAsync(RestRequest request)
    {
        if (await V3Call.FindTopicAsync(request) is not { } topic) return;
        var http = request.Http;
        await using var stream = new RecordStream(request);
        for (var isFirst = true; ;)
        {
            var (records, error, isLast) = await stream.ReadAsync(request.Cancel);
            if (records.Count > 0 || error is not null)
            {
                var receipts = await V3Append.AppendAsync(request.Services, topic, records, request.Cancel);
                WriteReceipts(request, topic, records, receipts, error, isSingle: isFirst && isLast && http.Request.ContentLength is not null);
                isFirst = false;
                var flushed = await http.Response.BodyWriter.FlushAsync(request.Cancel);

                // A client that takes no receipts any more is given none, and its further records are not stored without.
                if (flushed.IsCompleted) return;
            }

            if (!isLast) continue;
            if (isFirst) V3Call.WriteError(request, RestError.EmptyBody.ForRecord());
            return;
        }
    }

    private static void WriteReceipts(
        RestRequest request, TopicDescription topic, List<V3Record> records, V3Receipt[] receipts, RestError? ending, bool isSingle)
    {
        var response = request.Http.Response;
        if (!response.HasStarted)
        {
            var first = receipts.Length > 0 ? receipts[0].Error : ending;
            response.StatusCode = isSingle && receipts.Length + (ending is null ? 0 : 1) == 1 && first is not null ? first.Status : 200;
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

        if (ending is null) return;
        WriteError(writer, ending);
        EndReceipt();

        void EndReceipt()
        {
            writer.Flush();
            writer.Reset();
            response.BodyWriter.Write("\r\n"u8);
        }
    }

    private static void WriteError(Utf8JsonWriter writer, RestError refusal)
    {
        var error = refusal.ForRecord();
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
