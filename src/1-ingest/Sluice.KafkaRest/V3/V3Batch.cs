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
                if (outcome.receipts[i].Error is not { } failure) continue;
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
        if (!RequestJson.TryGet(body, "entries", out var entries) || entries.ValueKind != JsonValueKind.Array || entries.GetArrayLength() == 0)
            return ([], RestError.BadBatch("entries must be an array with at least one record."));
        if (entries.GetArrayLength() > entriesMax) return ([], RestError.BadBatch($"a batch has at most {entriesMax} entries."));
        V3Record[] records = [.. entries.EnumerateArray().Select(e => V3Record.Parse(e, withId: true))];
        if (Array.Find(records, r => r.Error?.Code == RestError.BadBatch("").Code) is { } bad) return ([], bad.Error);
        return records.DistinctBy(r => r.Id).Count() == records.Length ? (records, null) : ([], RestError.BadBatch("the ids must be distinct."));
    }
}
