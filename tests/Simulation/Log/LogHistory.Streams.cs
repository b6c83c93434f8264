using Sluice.Log;

namespace Sluice.Simulation.Log;

internal sealed partial class LogHistory
{
    private const string StreamName = "s";
    private readonly List<PartitionModel> _shards = [];
    // Parents and number of children of a reshard that a crash has interrupted, which may have come to pass or not.
    private (int[] Parents, int Children)? _interrupted;

    private void CreateStream()
    {
        PartitionModel.AtOnce(_log!.CreateStreamAsync(new StreamSpec(StreamName, Random.Next(1, 3), new StreamAttributes()), default));
        AddShards(_log.FindStream(StreamName)!.Shards.Count);
    }

    /// <summary>Splits or merges open shards, with appends waiting for them or not.</summary>
    private void Reshard()
    {
        var open = _log!.FindStream(StreamName)!.OpenShards;
        var at = Random.Next(open.Count);
        var merges = at > 0 && Random.Next(2) == 0;
        int[] parents = merges ? [open[at - 1].Number, open[at].Number] : [open[at].Number];
        var range = open[at].Range;
        Note($"reshard {string.Join('+', parents)}");
        try
        {
            var outcome = PartitionModel.AtOnce(merges
                ? _log.MergeShardsAsync(StreamName, parents[1], parents[0], a => a, default)
                : _log.SplitShardAsync(StreamName, parents[0], range.First + (range.Last - range.First) / 2 + 1, a => a, default));
            if (outcome == ReshardOutcome.Done) Resharded(parents, merges ? 1 : 2);
            else if (outcome != ReshardOutcome.StorageError) throw new BrokenPromiseException($"a reshard ended with {outcome}");
        }
        catch (IOException) when (Disk.PowerIsOff)
        {
            Note("the power went");
            _interrupted = (parents, merges ? 1 : 2);
        }
        catch (IOException) when (Disk.FailureRate > 0)
        {
            Note("the reshard failed");
        }

        if (Disk.PowerIsOff) return;
        foreach (var shard in _shards) shard.CollectAnswers();
        CheckStream();
    }

    private void Resharded(int[] parents, int children)
    {
        foreach (var parent in parents)
        {
            // What waited was answered before the shard closed; from here on it is refused.
            _shards[parent].CollectAnswers();
            _shards[parent].IsClosed = true;
        }

        AddShards(children);
    }

    private void AddShards(int count)
    {
        for (; count > 0; count--)
        {
            var shard = new PartitionModel(new TopicPartition(StreamName, _shards.Count));
            _shards.Add(shard);
            _partitions.Add(shard);
        }
    }

    private void RecoveredStream()
    {
        if (_interrupted is { } reshard && _log!.FindStream(StreamName)!.Shards.Count > _shards.Count) Resharded(reshard.Parents, reshard.Children);
        _interrupted = null;
        CheckStream();
        foreach (var shard in _shards.Where(s => s.IsClosed))
        {
            var late = PartitionModel.AtOnce(_log!.AppendAsync(shard.Name, OneRecord(), default));
            if (late.Error != AppendError.PartitionClosed) throw new BrokenPromiseException($"closed {shard.Name} answered {late.Error}");
        }
    }

    /// <summary>Shards are as the model has them, and the open ones are the whole, each behind its parents.</summary>
    private void CheckStream()
    {
        var stream = _log!.FindStream(StreamName)!;
        if (!stream.Shards.Select(s => s.IsClosed).SequenceEqual(_shards.Select(s => s.IsClosed)))
            throw new BrokenPromiseException("the shards are not those of the model");
        var open = stream.OpenShards;
        if (open[0].Range.First != UInt128.MinValue || open[^1].Range.Last != UInt128.MaxValue || open.Zip(open.Skip(1), (a, b) => a.Range.IsDirectlyBefore(b.Range)).Contains(false))
            throw new BrokenPromiseException("the open shards do not cover every hash key once");
        if (stream.Shards.Any(s => s.Parent is { } p && (stream.Shards[p].Epoch >= s.Epoch || !stream.Shards[p].IsClosed)))
            throw new BrokenPromiseException("a child is not behind its parent");
    }

    private static ReadOnlyMemory<byte> OneRecord()
    {
        var builder = new RecordBatchBuilder();
        builder.Append(0, RecordBytes.Null, RecordBytes.Null);
        return builder.Build();
    }
}
