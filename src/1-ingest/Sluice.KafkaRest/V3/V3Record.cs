using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.KafkaRest.Produce;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary>A key or value of a v3 record: the bytes to store, and the type it came as.</summary>
internal sealed record V3Data(string Type, byte[]? Bytes);

/// <summary>One record of a v3 produce request, or why there is none.</summary>
internal sealed record V3Record
{
    private const int IdCharsMax = 80;
    private static readonly string[] s_fields = ["partition_id", "headers", "key", "value", "timestamp"];
    private static readonly string[] s_entryFields = ["id", .. s_fields];

    public string? Id { get; init; }

    public int? Partition { get; init; }

    public DateTimeOffset? Timestamp { get; init; }

    public V3Data? Key { get; init; }

    public V3Data? Value { get; init; }

    public RecordHeader[] Headers { get; init; } = [];

    public RestError? Error { get; init; }

    /// <summary>Upper bound of what the record takes without its fixed overhead.</summary>
    public int SizeBytes => (Key?.Bytes?.Length ?? 0) + (Value?.Bytes?.Length ?? 0) + Headers.Sum(h => h.SizeBytesMax);

    public static V3Record Parse(JsonElement json, bool withId)
    {
        var id = withId ? RequestJson.Text(json, "id") : null;
        if (RequestJson.Unknown(json, withId ? s_entryFields : s_fields) is { } unknown) return new V3Record { Id = id, Error = unknown };
        var record = new V3Record { Id = id };
        if (withId && !IsId(id)) return record with { Error = RestError.BadBatch("Batch entry identifier is not a valid string.") };
        if (RequestJson.TryGet(json, "partition_id", out _))
        {
            if (RequestJson.Number(json, "partition_id") is not { } number || number is < 0 or > int.MaxValue)
                return record with { Error = RestError.PartitionNotFound };
            record = record with { Partition = (int)number };
        }

        if (RequestJson.TryGet(json, "timestamp", out var time))
        {
            if (time.ValueKind != JsonValueKind.String || !time.TryGetDateTimeOffset(out var at))
                return record with { Error = RestError.BadRequest("timestamp must be an ISO-8601 time with its zone.") };
            record = record with { Timestamp = at };
        }

        var (headers, headersError) = HeadersIn(json);
        var (key, keyError) = DataIn(json, "key");
        var (value, valueError) = DataIn(json, "value");
        return record with { Headers = headers, Key = key, Value = value, Error = headersError ?? keyError ?? valueError };
    }

    private static bool IsId(string? id) =>
        id is { Length: > 0 and <= IdCharsMax } && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static (RecordHeader[] Headers, RestError? Error) HeadersIn(JsonElement record)
    {
        if (!RequestJson.TryGet(record, "headers", out var list)) return ([], null);
        if (list.ValueKind != JsonValueKind.Array) return ([], RestError.BadRequest("headers must be an array."));
        var headers = new List<RecordHeader>();
        foreach (var header in list.EnumerateArray())
        {
            if (RequestJson.Unknown(header, "name", "value") is { } unknown) return ([], unknown);
            if (RequestJson.Text(header, "name") is not { } name) return ([], RestError.BadRequest("A header has a name."));
            byte[]? bytes = null;
            if (RequestJson.TryGet(header, "value", out var value)
                && (value.ValueKind != JsonValueKind.String || !value.TryGetBytesFromBase64(out bytes)))
            {
                return ([], RestError.Unprocessable("A header's value contains invalid base64 encoding"));
            }

            headers.Add(new RecordHeader(name, bytes));
        }

        return ([.. headers], null);
    }

    private static (V3Data? Data, RestError? Error) DataIn(JsonElement record, string name)
    {
        if (!RequestJson.TryGet(record, name, out var field)) return default;
        if (field.ValueKind != JsonValueKind.Object) return (null, RestError.BadRequest($"{name} must be an object with type and data."));
        var type = RequestJson.Text(field, "type")?.ToUpperInvariant();
        if (type is null or "AVRO" or "JSONSCHEMA" or "PROTOBUF") return (null, RestError.NoSchemaRegistry);
        if (RequestJson.Unknown(field, "type", "data") is { } unknown) return (null, unknown);
        var isThere = RequestJson.TryGet(field, "data", out var data);
        switch (type)
        {
            case "JSON":
                return (new V3Data(type, isThere ? JsonMarshal.GetRawUtf8Value(data).ToArray() : null), null);
            case "STRING" or "BINARY" when !isThere:
                return (new V3Data(type, null), null);
            case "STRING" or "BINARY" when data.ValueKind != JsonValueKind.String:
                return (null, RestError.BadRequest($"{name}.data must be a string."));
            case "STRING":
                return (new V3Data(type, Encoding.UTF8.GetBytes(data.GetString()!)), null);
            case "BINARY":
                return data.TryGetBytesFromBase64(out var bytes)
                    ? (new V3Data(type, bytes), null)
                    : (null, name == "key" ? RestError.KeyNotBase64 : RestError.ValueNotBase64);
            default:
                return (null, RestError.BadRequest($"{name}.type must be BINARY, JSON or STRING."));
        }
    }
}

/// <summary>Where a record went, or why it went nowhere.</summary>
internal readonly record struct V3Receipt(RestError? Error, int Partition, long Offset, long TimestampMs);

/// <summary>Appends v3 records: those of one partition in one batch after another, the partitions side by side.</summary>
internal static class V3Append
{
    private const int RecordOverheadBytes = 32;
    private const int BatchOverheadBytes = 61;

    public static async ValueTask<V3Receipt[]> AppendAsync(
        RestServices services, TopicDescription topic, IReadOnlyList<V3Record> records, CancellationToken cancel)
    {
        var receipts = new V3Receipt[records.Count];
        var batches = new Dictionary<int, List<List<int>>>();
        var sizes = new Dictionary<int, int>();
        var options = services.Options;
        var keyless = services.NextKeyless(topic.PartitionCount);
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            var bytes = record.SizeBytes + RecordOverheadBytes;
            var partition = record.Partition
                ?? (record.Key?.Bytes is { } key ? Partitioner.Choose(key, topic.PartitionCount) : keyless);
            var error = record.Error ?? (partition >= topic.PartitionCount ? RestError.PartitionNotFound
                : bytes + BatchOverheadBytes > options.RecordBytesMax ? RestError.RecordTooLarge(options.RecordBytesMax)
                : !services.RateLimits.TryProduce(record.SizeBytes) ? RestError.RateLimitExceeded : null);
            receipts[i] = new V3Receipt(error, partition, -1, 0);
            if (error is not null) continue;
            if (!batches.TryGetValue(partition, out var ofPartition)) batches.Add(partition, ofPartition = []);
            var size = sizes.GetValueOrDefault(partition) + bytes;
            if (ofPartition.Count == 0 || size > options.BatchBytesMax - BatchOverheadBytes)
            {
                ofPartition.Add([]);
                size = bytes;
            }

            ofPartition[^1].Add(i);
            sizes[partition] = size;
        }

        var now = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await Task.WhenAll(batches.Select(async b =>
        {
            foreach (var batch in b.Value) await AppendBatchAsync(new TopicPartition(topic.Name, b.Key), batch);
        }));
        return receipts;

        async Task AppendBatchAsync(TopicPartition partition, List<int> batch)
        {
            var builder = new RecordBatchBuilder();
            foreach (var i in batch)
            {
                var time = records[i].Timestamp?.ToUnixTimeMilliseconds() ?? now;
                builder.Append(time, BytesOf(records[i].Key), BytesOf(records[i].Value), records[i].Headers);
            }

            var (error, stored) = await TryAppendAsync(services.Log, partition, builder, cancel);
            for (var at = 0; at < batch.Count; at++)
            {
                var time = records[batch[at]].Timestamp?.ToUnixTimeMilliseconds() ?? now;
                receipts[batch[at]] = new V3Receipt(error, partition.Partition, stored.OffsetOf(at), time);
            }

            builder.Release();
        }
    }

    private static async ValueTask<(RestError? Error, AppendResult Stored)> TryAppendAsync(
        ILog log, TopicPartition partition, RecordBatchBuilder builder, CancellationToken cancel)
    {
        try
        {
            var result = await log.AppendAsync(partition, builder.Build(), cancel);
            return (ErrorOf(result.Error), result);
        }
        catch (LogUnavailableException unavailable)
        {
            return (RestError.Unavailable(unavailable.Message), default);
        }
    }

    private static RecordBytes BytesOf(V3Data? data) => data?.Bytes is { } bytes ? RecordBytes.Of(bytes) : RecordBytes.Null;

    private static RestError? ErrorOf(AppendError error) => error switch
    {
        AppendError.None => null,
        AppendError.UnknownTopicOrPartition => RestError.NoTopicPartition,
        AppendError.MessageTooLarge => RestError.TooLarge with { Message = "The record is larger than the max.message.bytes of its topic." },
        AppendError.Busy => RestError.Retriable("The queue of the partition is full. Retry later."),
        AppendError.StorageError => RestError.Retriable("The disk of the partition failed; it takes records again after a restart."),
        AppendError.MissingKey => RestError.Kafka(RestError.NeedsKey),
        _ => RestError.Kafka(string.Create(CultureInfo.InvariantCulture, $"The log refused the record: {error}.")),
    };
}
