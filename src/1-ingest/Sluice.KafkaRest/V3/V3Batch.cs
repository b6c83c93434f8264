using System.Text.Json;
using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.V3;

/// <summary><c>POST .../topics/{topic}/records:batch</c>: a few records, each with an id; answered 207 with successes and failures.</summary>
internal static class V3Batch
{
    public static async Task ProduceAsync(RestRequest request)
    {
        if (await V3Call.FindTopicAsync(request) is not { } topic) return;
        var (body, error) = await RequestJson.ReadAsync(request, "entries");
        IReadOnlyList<V3Record> records = [];
        if (error is null) (records, error) = EntriesIn(body, request.Services.Options.BatchEntriesMax);
        if (error is not null)
        {
            RestResponse.WriteError(request.Http, error, Negotiation.Json);
            return;
        }

        var receipts = await V3Append.AppendAsync(request.Services, topic, records, request.Cancel);
        V3Call.Write(request, StatusCodes.Status207MultiStatus, (records, receipts), (writer, outcome) =>
        {
            writer.Json.WriteStartObject();
            writer.Json.WriteStartArray("successes"u8);
            for (var i = 0; i < outcome.receipts.Length; i++)
            {
                if (outcome.receipts[i].Error is not null) continue;
                writer.Json.WriteStartObject();
                writer.Json.WriteString("id"u8, outcome.records[i].Id);
                V3Produce.WriteFields(writer.Json, request, topic, outcome.records[i], outcome.receipts[i]);
                writer.Json.WriteEndObject();
            }

            writer.Json.WriteEndArray();
            writer.Json.WriteStartArray("failures"u8);
            for (var i = 0; i < outcome.receipts.Length; i++)
            {
                if (outcome.receipts[i].Error ?.ForRecord() is not { } failure) continue;
                writer.Json.WriteStartObject();
                writer.Json.WriteString("id"u8, outcome.records[i].Id);
                writer.Json.WriteNumber("error_code"u8, failure.Code);
                writer.Json.WriteString("message"u8, failure.Message);
                writer.Json.WriteEndObject();
            }

            writer.Json.WriteEndArray();
            writer.Json.WriteEndObject();
        });
    }

    private static (IReadOnlyList<V3Record> Records, RestError? Error) EntriesIn(JsonElement body, int entriesMax)
    {
        if (body.ValueKind == JsonValueKind.Undefined) return ([], RestError.BadBatch("Request body is empty. Data is required."));
        if (!RequestJson.TryGet(body, "entries", out var entries)) return ([], RestError.BadBatch("Empty batch."));
        if (entries.ValueKind != JsonValueKind.Array) return ([], RestError.BadRequest("entries must be an array."));
        if (entries.GetArrayLength() == 0) return ([], RestError.BadBatch("Empty batch."));
        if (entries.GetArrayLength() > entriesMax) return ([], RestError.BadBatch("Too many entries in batch."));
        V3Record[] records = [.. entries.EnumerateArray().Select(e => V3Record.Parse(e, withId: true))];
        if (Array.Find(records, r => r.Error?.Code == RestError.BadBatchCode) is { } bad) return ([], bad.Error);
        return records.DistinctBy(r => r.Id).Count() == records.Length ? (records, null) : ([], RestError.BadBatch("Batch entry IDs are not distinct."));
    }
}
