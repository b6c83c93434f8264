namespace Sluice.Kinesis;

/// <summary>A refusal by its AWS name: HTTP status, <c>__type</c> and message.</summary>
/// <remarks>https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html and the errors of each action.</remarks>
internal sealed record KinesisError(int Status, string Type, string Message)
{
    /// <summary>Whatever went wrong inside; the reason is in the log of this process.</summary>
    public static readonly KinesisError Internal = new(500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.");

    public static readonly KinesisError UnknownOperation = new(400, "UnknownOperationException", "");

    public static readonly KinesisError TooLarge = new(413, "RequestEntityTooLargeException", "Request Entity Too Large");

    /// <summary>Too many large requests at once; SDKs retry it.</summary>
    public static readonly KinesisError Overloaded = new(
        503, "ServiceUnavailable", "Too many bytes of requests are in flight. Retry, or send smaller requests.");

    public static KinesisError Serialization(string message) => new(400, "SerializationException", message);

    public static KinesisError Validation(string message) => new(400, "ValidationException", message);

    public static KinesisError InvalidArgument(string message) => new(400, "InvalidArgumentException", message);

    public static KinesisError ResourceNotFound(string message) => new(400, "ResourceNotFoundException", message);

    public static KinesisError ResourceInUse(string message) => new(400, "ResourceInUseException", message);

    public static KinesisError LimitExceeded(string message) => new(400, "LimitExceededException", message);

    public static KinesisError Throughput(string message) => new(400, "ProvisionedThroughputExceededException", message);

    public static KinesisError ExpiredIterator(string message) => new(400, "ExpiredIteratorException", message);

    public static KinesisError ExpiredNextToken(string message) => new(400, "ExpiredNextTokenException", message);
}

/// <summary>The body is no request of this wire format, or a member has another type; the caller is answered SerializationException.</summary>
internal sealed class RequestFormatException(string message) : Exception(message);
