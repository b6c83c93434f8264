using System.Collections.Frozen;
using Sluice.Kinesis.Actions;

namespace Sluice.Kinesis;

/// <summary>Does one action: reads the request of the call, writes its answer, or says why not.</summary>
internal delegate ValueTask<KinesisError?> KinesisAction(KinesisCall call);

/// <summary>The actions by name.</summary>
internal static class ActionTable
{
    private static readonly FrozenDictionary<string, KinesisAction>.AlternateLookup<ReadOnlySpan<char>> s_actions =
        new Dictionary<string, KinesisAction>(StringComparer.Ordinal)
        {
            [nameof(AddTagsToStream)] = AddTagsToStream.InvokeAsync,
            [nameof(DeleteResourcePolicy)] = DeleteResourcePolicy.InvokeAsync,
            [nameof(DeregisterStreamConsumer)] = DeregisterStreamConsumer.InvokeAsync,
            [nameof(DescribeAccountSettings)] = DescribeAccountSettings.InvokeAsync,
            [nameof(DescribeLimits)] = DescribeLimits.InvokeAsync,
            [nameof(DescribeStreamConsumer)] = DescribeStreamConsumer.InvokeAsync,
            [nameof(DisableEnhancedMonitoring)] = DisableEnhancedMonitoring.InvokeAsync,
            [nameof(EnableEnhancedMonitoring)] = EnableEnhancedMonitoring.InvokeAsync,
            [nameof(GetResourcePolicy)] = GetResourcePolicy.InvokeAsync,
            [nameof(ListStreamConsumers)] = ListStreamConsumers.InvokeAsync,
            [nameof(ListTagsForResource)] = ListTagsForResource.InvokeAsync,
            [nameof(ListTagsForStream)] = ListTagsForStream.InvokeAsync,
            [nameof(PutResourcePolicy)] = PutResourcePolicy.InvokeAsync,
            [nameof(RegisterStreamConsumer)] = RegisterStreamConsumer.InvokeAsync,
            [nameof(RemoveTagsFromStream)] = RemoveTagsFromStream.InvokeAsync,
            [nameof(StartStreamEncryption)] = StartStreamEncryption.InvokeAsync,
            [nameof(StopStreamEncryption)] = StopStreamEncryption.InvokeAsync,
            [nameof(TagResource)] = TagResource.InvokeAsync,
            [nameof(UntagResource)] = UntagResource.InvokeAsync,
            [nameof(UpdateAccountSettings)] = UpdateAccountSettings.InvokeAsync,
            [nameof(UpdateMaxRecordSize)] = UpdateMaxRecordSize.InvokeAsync,
            [nameof(UpdateStreamMode)] = UpdateStreamMode.InvokeAsync,
            [nameof(UpdateStreamWarmThroughput)] = UpdateStreamWarmThroughput.InvokeAsync,
            [nameof(CreateStream)] = CreateStream.InvokeAsync,
            [nameof(DeleteStream)] = DeleteStream.InvokeAsync,
            [nameof(DescribeStream)] = DescribeStream.InvokeAsync,
            [nameof(DescribeStreamSummary)] = DescribeStreamSummary.InvokeAsync,
            [nameof(ListShards)] = ListShards.InvokeAsync,
            [nameof(ListStreams)] = ListStreams.InvokeAsync,
            [nameof(PutRecord)] = PutRecord.InvokeAsync,
            [nameof(PutRecords)] = PutRecords.InvokeAsync,
            [nameof(GetShardIterator)] = GetShardIterator.InvokeAsync,
            [nameof(GetRecords)] = GetRecords.InvokeAsync,
            [nameof(SplitShard)] = SplitShard.InvokeAsync,
            [nameof(MergeShards)] = MergeShards.InvokeAsync,
            [nameof(UpdateShardCount)] = UpdateShardCount.InvokeAsync,
            [nameof(IncreaseStreamRetentionPeriod)] = IncreaseStreamRetentionPeriod.InvokeAsync,
            [nameof(SubscribeToShard)] = SubscribeToShard.InvokeAsync,
            [nameof(DecreaseStreamRetentionPeriod)] = DecreaseStreamRetentionPeriod.InvokeAsync,
        }.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    public static KinesisAction? Find(ReadOnlySpan<char> action) => s_actions.TryGetValue(action, out var found) ? found : null;
}
