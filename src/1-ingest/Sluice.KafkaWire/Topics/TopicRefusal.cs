using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Topics;

/// <summary>Why a topic was not made, changed or deleted, in the words of the protocol.</summary>
internal readonly record struct TopicRefusal(KafkaError Error, string? Message)
{
    public static TopicRefusal None => default;

    public static TopicRefusal UnknownTopic => new(KafkaError.UnknownTopicOrPartition, "There is no topic of that name.");

    public static TopicRefusal Stream(string topic) =>
        new(KafkaError.TopicAuthorizationFailed, $"'{topic}' is a Kinesis stream. Change or delete it with the Kinesis API.");

    /// <summary>Makes or changes a topic, and gives the log's refusal as a value.</summary>
    public static async ValueTask<TopicRefusal> OfAsync(Func<ValueTask<bool>> change)
    {
        try
        {
            return await change() ? None : UnknownTopic;
        }
        catch (TopicExistsException fault)
        {
            return new TopicRefusal(KafkaError.TopicAlreadyExists, fault.Message);
        }
        catch (InvalidTopicException fault)
        {
            var error = fault.Fault switch
            {
                TopicFault.PartitionCount => KafkaError.InvalidPartitions,
                TopicFault.Config => KafkaError.InvalidConfig,
                TopicFault.Stream => KafkaError.TopicAuthorizationFailed,
                _ => KafkaError.InvalidTopic,
            };
            return new TopicRefusal(error, fault.Message);
        }
        catch (IOException fault)
        {
            return new TopicRefusal(KafkaError.KafkaStorageError, fault.Message);
        }
    }
}
