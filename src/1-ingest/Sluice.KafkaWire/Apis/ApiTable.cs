namespace Sluice.KafkaWire.Apis;

/// <summary>All APIs that this broker has. What is not listed here is not advertised, and a connection that asks for it is closed.</summary>
internal static class ApiTable
{
    private static readonly KafkaApi?[] s_byKey = ByKey(
    [
        Produce.Api, Fetch.Api, ListOffsets.Api, Metadata.Api, OffsetCommit.Api, OffsetFetch.Api, FindCoordinator.Api, JoinGroup.Api,
        Heartbeat.Api, LeaveGroup.Api, SyncGroup.Api, DescribeGroups.Api, ListGroups.Api, SaslHandshake.Api, ApiVersions.Api,
        CreateTopics.Api, DeleteTopics.Api, DeleteRecords.Api, InitProducerId.Api, OffsetForLeaderEpoch.Api, DescribeConfigs.Api,
        AlterConfigs.Api, DescribeLogDirs.Api, SaslAuthenticate.Api, CreatePartitions.Api, DeleteGroups.Api, IncrementalAlterConfigs.Api,
        OffsetDelete.Api, DescribeCluster.Api, DescribeAcls.Api, CreateAcls.Api, DeleteAcls.Api, ElectLeaders.Api,
        AlterPartitionReassignments.Api, ListPartitionReassignments.Api, DescribeUserScramCredentials.Api, AlterUserScramCredentials.Api,
        DescribeTopicPartitions.Api, AddPartitionsToTxn.Api, AddOffsetsToTxn.Api, EndTxn.Api, TxnOffsetCommit.Api,
        ConsumerGroupHeartbeat.Api, ConsumerGroupDescribe.Api,
        DescribeProducers.Api, DescribeTransactions.Api, ListTransactions.Api,
    ]);

    /// <summary>In the order of their keys.</summary>
    public static IReadOnlyList<KafkaApi> All { get; } = [.. s_byKey.OfType<KafkaApi>()];

    public static KafkaApi? Find(short key) => (uint)key < (uint)s_byKey.Length ? s_byKey[key] : null;

    private static KafkaApi?[] ByKey(KafkaApi[] apis)
    {
        var byKey = new KafkaApi?[apis.Max(a => a.Key) + 1];
        foreach (var api in apis) byKey[api.Key] = api;
        return byKey;
    }
}
