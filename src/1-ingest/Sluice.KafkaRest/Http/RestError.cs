using Sluice.Log;

namespace Sluice.KafkaRest.Http;

/// <summary>
/// A refusal: HTTP status and the body <c>{"error_code":N,"message":"..."}</c>. Numbers and wording are those of the
/// Confluent REST Proxy (https://docs.confluent.io/platform/current/kafka-rest/api.html#errors).
/// </summary>
internal sealed record RestError(int Status, int Code, string Message)
{
    public const int BadBatchCode = 42208;

    /// <summary>Said of a record, by v2 and v3.</summary>
    public const string NeedsKey = "The topic is compacted (cleanup.policy): every record needs a key.";

    public static readonly RestError NotFound = Plain(404, "Not Found");
    public static readonly RestError MethodNotAllowed = Plain(405, "Method Not Allowed");
    public static readonly RestError NotAcceptable = Plain(406, "Not Acceptable");
    public static readonly RestError TooLarge = Plain(413, "Request Entity Too Large");
    public static readonly RestError UnsupportedMediaType = Plain(415, "Unsupported Media Type");

    public static readonly RestError TooManyBytes = new(
        429, 429, "Too many bytes of request bodies are in flight. Retry, or send smaller requests.");

    public static readonly RestError TopicNotFound = new(404, 40401, "Topic not found.");
    public static readonly RestError PartitionNotFound = new(404, 40402, "Partition not found.");

    public static readonly RestError KeySchemaMissing = new(
        422, 42201, "Request includes keys but does not include key schema");

    public static readonly RestError ValueSchemaMissing = new(
        422, 42202, "Request includes values but does not include value schema");

    public static readonly RestError NullPayload = new(422, 42206, "Payload error. Null input provided. Data is required.");

    public static readonly RestError NoSchemaRegistry = new(
        422, 42206, "Payload error. Schema Registry must be configured when using schemas.");

    public static readonly RestError KeyNotBase64 = Unprocessable("Record key contains invalid base64 encoding");
    public static readonly RestError ValueNotBase64 = Unprocessable("Record value contains invalid base64 encoding");

    public static readonly RestError ConsumerNotFound = new(404, 40403, "Consumer instance not found.");

    public static readonly RestError FormatMismatch = new(
        406, 40601, "The requested embedded data format does not match the deserializer for this consumer instance");

    public static readonly RestError ConsumerExists = new(
        409, 40902, "Consumer with specified consumer ID already exists in the specified consumer group.");

    public static readonly RestError SubscriptionExclusive = IllegalState("Subscription to topics, partitions and pattern are mutually exclusive");

    public static readonly RestError NotSubscribed = IllegalState("Consumer is not subscribed to any topics or assigned any partitions");

    public static readonly RestError TooManyConsumers = new(
        429, 429, "Too many consumer instances are open. Delete those that are not used, or wait until they are idle for long enough.");

    public static readonly RestError StreamTooLong = new(
        408, 408, "Streaming connection open for longer than allowed: Connection will be closed.");

    public static readonly RestError RateLimitExceeded = new(
        429, 429, "Request rate limit exceeded: The rate limit of requests per second has been exceeded.");

    public static readonly RestError Internal = new(500, 50001, "Internal Server Error");

    public static RestError BadRequest(string message) => new(400, 400, message);

    public static RestError NoTopicPartition { get; } = new(404, 40403, "This server does not host this topic-partition.");

    public static RestError EmptyBody { get; } = new(422, 42206, "Payload error. Request body is empty. Data is required.");

    /// <summary>A v3 batch that is refused whole.</summary>
    public static RestError BadBatch(string message) => new(422, BadBatchCode, message);

    public static RestError RecordTooLarge(int bytesMax) => TooLarge with
    {
        Message = $"The record is larger than {bytesMax} bytes with its overhead. Send smaller records.",
    };

    public static RestError Retriable(string message) => new(503, 50003, message);

    public static RestError IllegalState(string message) => new(409, 40903, "Illegal state: " + message);

    public static RestError InvalidConsumerConfig(string message) => new(422, 42204, "Invalid consumer configuration: " + message);

    public static RestError InvalidConsumerRange(string message) => new(422, 40001, "Invalid consumer configuration. It does not abide by the constraints: " + message);

    public static RestError JsonConversion(string message) => new(422, 42203, "Conversion of JSON to Object failed: " + message);

    public static RestError Kafka(string message) => new(500, 50002, message);

    public static RestError BadTopic(string message) => new(400, 40002, message);

    public static RestError Unprocessable(string message) => new(422, 422, message);

    public static RestError UnrecognizedField(string name) => Unprocessable("Unrecognized field: " + name);

    /// <summary>A refusal by the web server itself, such as a broken chunk or a body that came too slowly.</summary>
    public static RestError FromServer(int status, string message) => new(status, status, message);

    /// <summary>A question about something that is not there, which has no number of its own.</summary>
    public static RestError NoSuch(string message) => new(404, 404, message);

    /// <summary>What the log's administration refused, under the number of the Kafka exception it stands for.</summary>
    public static RestError Of(AdminRefusal refusal) => refusal.Fault switch
    {
        AdminFault.Invalid => BadTopic(refusal.Message),
        AdminFault.NotFound => NoTopicPartition,
        AdminFault.Unauthenticated => new(401, 40101, refusal.Message),
        AdminFault.Unauthorized => new(403, 40301, refusal.Message),
        AdminFault.Retriable => Unavailable(refusal.Message),
        _ => Kafka(refusal.Message),
    };

    /// <summary>
    /// The refusal as a record's receipt or a batch's failure has it: what breaks a constraint is numbered 422 there, its own number is in
    /// the text.
    /// </summary>
    public RestError ForRecord() => Status == 422 && Code != Status ? this with { Code = Status, Message = $"Error: {Code} : {Message}" } : this;

    /// <summary>The cluster does not answer: Kafka's retriable exceptions.</summary>
    public static RestError Unavailable(string message) => new(500, 50003, message);

    private static RestError Plain(int status, string reason) => new(status, status, $"HTTP {status} {reason}");
}
