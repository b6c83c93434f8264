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
