using Confluent.Kafka;

namespace Sluice.Log.Kafka.Client;

/// <summary>What Kafka's errors mean to callers of the log.</summary>
internal static class Faults
{
    /// <summary>Whether there is no such topic or partition.</summary>
    public static bool IsUnknown(ErrorCode code) =>
        code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownPartition or ErrorCode.Local_UnknownTopic or ErrorCode.UnknownTopicId;

    /// <summary>The refusal of an append that an error is; null when it is none of the expected ones.</summary>
    public static AppendError? Refusal(ErrorCode code) => code switch
    {
        ErrorCode.NoError => AppendError.None,
        ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge => AppendError.MessageTooLarge,
        ErrorCode.InvalidMsg or ErrorCode.InvalidMsgSize or ErrorCode.InvalidRecord or ErrorCode.InvalidTimestamp => AppendError.CorruptMessage,
        ErrorCode.Local_QueueFull => AppendError.Busy,
        _ when IsUnknown(code) => AppendError.UnknownTopicOrPartition,
        _ => null,
    };

    /// <summary>An error as an exception that says what to do about it: <see cref="LogUnavailableException"/> where it may pass by itself.</summary>
    /// <param name="clients">Whose servers and news the message names.</param>
    /// <param name="doing">What was asked, as in "Kafka at b:9092 refused to ...".</param>
    /// <param name="error">The error.</param>
    /// <param name="cause">The exception it came in.</param>
    public static Exception Of(Clients clients, string doing, Error error, Exception? cause = null) => error.Code switch
    {
        var code when IsAbsence(code) => new LogUnavailableException(
            $"Kafka at {clients.Servers} did not answer when asked to {doing}{clients.News}; check bootstrap.servers, the network, and security.protocol.",
            cause),
        var code when MayPass(code) => new LogUnavailableException(
            $"Kafka at {clients.Servers} cannot {doing} now: {error.Reason} ({error.Code}); look at the state of its brokers and try again.", cause),
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed => new KafkaLogException(
            $"Kafka at {clients.Servers} does not accept who asks to {doing}: {error.Reason}{clients.News}; check sasl.mechanism and its user, password or IAM credentials.",
            error.Code,
            cause),
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed => new KafkaLogException(
            $"Kafka at {clients.Servers} forbids to {doing}: {error.Reason}; grant it to the user by the cluster's ACLs or IAM policy.", error.Code, cause),
        _ => new KafkaLogException($"Kafka at {clients.Servers} failed to {doing}: {error.Reason} ({error.Code}).", error.Code, cause),
    };

    private static bool IsAbsence(ErrorCode code) => code is ErrorCode.Local_TimedOut or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown
        or ErrorCode.Local_MsgTimedOut or ErrorCode.Local_TimedOutQueue or ErrorCode.Local_Resolve or ErrorCode.RequestTimedOut;

    private static bool MayPass(ErrorCode code) => code is ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.NetworkException
        or ErrorCode.GroupLoadInProgress or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.NotCoordinatorForGroup or ErrorCode.NotController
        or ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend or ErrorCode.KafkaStorageError or ErrorCode.UnstableOffsetCommit;
}
