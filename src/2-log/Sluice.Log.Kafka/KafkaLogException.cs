using Confluent.Kafka;

namespace Sluice.Log.Kafka;

/// <summary>Kafka refused a request, or cannot be asked as it is configured: trying again changes nothing.</summary>
public sealed class KafkaLogException : Exception
{
    public KafkaLogException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    internal KafkaLogException(string message, ErrorCode code, Exception? inner = null)
        : base(message, inner) => Code = code;

    /// <summary>Kafka's or librdkafka's code, when there is one.</summary>
    public ErrorCode? Code { get; }
}
