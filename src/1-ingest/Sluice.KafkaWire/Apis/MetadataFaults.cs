using Microsoft.Extensions.Logging;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

/// <summary>What clients are answered, and the process's log is told, when the log's metadata refuses a change.</summary>
internal static partial class MetadataFaults
{
    /// <summary>
    /// The outcome of a change; where it could not be stored COORDINATOR_NOT_AVAILABLE, at which clients look for the coordinator and ask
    /// again, with a pause between.
    /// </summary>
    public static ValueTask<KafkaError> StoredAsync(this KafkaCall call, ValueTask<KafkaError> change) => call.StoredAsync(change, static error => error);

    /// <inheritdoc cref="StoredAsync(KafkaCall, ValueTask{KafkaError})"/>
    /// <param name="refused">Makes the outcome of the error.</param>
    public static async ValueTask<T> StoredAsync<T>(this KafkaCall call, ValueTask<T> change, Func<KafkaError, T> refused)
    {
        try
        {
            return await change;
        }
        catch (IOException fault)
        {
            var api = ApiTable.Find(call.Header.ApiKey)!.Name;
            NotStored(call.Broker.Logger, api, call.ClientHost, fault.Message);
            return refused(KafkaError.CoordinatorNotAvailable);
        }
    }

    /// <summary>Stores what has changed of groups.</summary>
    public static ValueTask<KafkaError> SaveGroupsAsync(this KafkaCall call)
    {
        return call.StoredAsync(SaveAsync(call));

        static async ValueTask<KafkaError> SaveAsync(KafkaCall call)
        {
            await call.Broker.Groups.SaveAsync();
            return KafkaError.None;
        }
    }

    [LoggerMessage(503, LogLevel.Error, "{Api} of a Kafka client at {Client} was refused, for it could not be stored: {Reason}")]
    private static partial void NotStored(ILogger logger, string api, string client, string reason);
}
