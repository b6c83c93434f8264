using System.Globalization;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Produce;

/// <summary>
/// Answers a produce request: <c>{"offsets":[{partition,offset,error_code,error}],...}</c> in the order of the request.
/// </summary>
internal static class ProduceOutcome
{
    private const int KafkaError = 50002;
    private const int RetriableError = 50003;

    /// <summary>
    /// 200 as soon as one record is stored, as the official proxy does. When none is, the status says so too, for clients that
    /// look no further: 503 if sending it again may help, 413 if all are too large, 404 if the topic is gone or has none of the
    /// partitions, 422 if the records have to be others, 500 for what is not of their making.
    /// </summary>
    public static void Write(HttpContext http, ProduceState state, TopicDescription topic, KafkaRestOptions options)
    {
        var (stored, retriable, tooLarge, topicGone, noPartition, unexpected) = (0, 0, 0, 0, 0, 0);
        foreach (ref readonly var record in state.Records)
        {
            var error = record.Fault == RecordFault.None ? state.BatchAt(record.Batch).Result.Error : default;
            if (record.Fault == RecordFault.UnknownPartition) noPartition++;
            else if (record.Fault == RecordFault.TooLarge || error == AppendError.MessageTooLarge) tooLarge++;
            else if (error == AppendError.None) stored++;
            else if (error is AppendError.Busy or AppendError.StorageError) retriable++;
            else if (error == AppendError.UnknownTopicOrPartition) topicGone++;
            else if (error is not (AppendError.MissingKey or AppendError.PartitionClosed)) unexpected++;
        }

        if (topicGone == state.RecordCount) RestResponse.WriteError(http, RestError.TopicNotFound);
        else if (noPartition == state.RecordCount) RestResponse.WriteError(http, RestError.PartitionNotFound);
        else if (tooLarge == state.RecordCount) RestResponse.WriteError(http, TooLarge(options));
        else WriteOffsets(http, state, topic, options, stored > 0 ? 200 : retriable > 0 ? 503 : unexpected > 0 ? 500 : 422);
    }

    private static RestError TooLarge(KafkaRestOptions options) =>
        RestError.TooLarge with { Message = RecordTooLarge(options) };

    private static void WriteOffsets(
        HttpContext http, ProduceState state, TopicDescription topic, KafkaRestOptions options, int status)
    {
        var writer = state.Writer;
        writer.WriteStartObject();
        writer.WriteStartArray("offsets"u8);
        foreach (ref readonly var record in state.Records)
        {
            var (code, error) = FailureOf(record, state, topic, options);
            writer.WriteStartObject();
            if (error is null)
            {
                writer.WriteNumber("partition"u8, record.Partition);
                writer.WriteNumber("offset"u8, state.BatchAt(record.Batch).Result.OffsetOf(record.Position));
                writer.WriteNull("error_code"u8);
                writer.WriteNull("error"u8);
            }
            else
            {
                writer.WriteNull("partition"u8);
                writer.WriteNull("offset"u8);
                writer.WriteNumber("error_code"u8, code);
                writer.WriteString("error"u8, error);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNull("key_schema_id"u8);
        writer.WriteNull("value_schema_id"u8);
        writer.WriteEndObject();
        writer.Flush();
        RestResponse.Write(http, status, Negotiation.V2, state.Response.WrittenSpan);
    }

    private static (int Code, string? Error) FailureOf(
        in ProduceRecord record, ProduceState state, TopicDescription topic, KafkaRestOptions options)
    {
        if (record.Fault == RecordFault.TooLarge) return (KafkaError, RecordTooLarge(options));
        if (record.Fault == RecordFault.UnknownPartition) return (RetriableError, UnknownPartition(record.Partition, topic));
        return state.BatchAt(record.Batch).Result.Error switch
        {
            AppendError.None => (0, null),
            AppendError.UnknownTopicOrPartition => (RetriableError, "This server does not host this topic-partition."),
            AppendError.MessageTooLarge => (KafkaError, "The record is larger than the max.message.bytes of its topic."),
            AppendError.CorruptMessage => (KafkaError, "The log refused the record's batch as corrupt."),
            AppendError.PartitionClosed => (KafkaError, "The partition is a shard that was split or merged; it takes no more records."),
            AppendError.StorageError => (RetriableError, "The disk of the partition failed; it takes records again after a restart."),
            AppendError.Busy => (RetriableError, "The queue of the partition is full. Retry later."),
            AppendError.MissingKey => (KafkaError, RestError.NeedsKey),
            var other => (KafkaError, $"The log refused the record: {other}."),
        };
    }

    private static string RecordTooLarge(KafkaRestOptions options) => string.Create(
        CultureInfo.InvariantCulture, $"The record is larger than {options.RecordBytesMax} bytes with its overhead. Send smaller records.");

    private static string UnknownPartition(int partition, TopicDescription topic) => string.Create(
        CultureInfo.InvariantCulture,
        $"Partition {partition} of topic {topic.Name} with partition count {topic.PartitionCount} is not present in metadata.");
}
