namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>The groups that have committed offsets, in ordinal order.</summary>
    public IReadOnlyList<string> ListGroups() => _storage.Metadata.Groups();

    /// <summary>Deletes committed offsets of a group, all of them when no partitions are named, in one transaction.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask DeleteCommittedOffsetsAsync(string group, IReadOnlyList<TopicPartition>? partitions, CancellationToken cancel)
    {
        (Guid, int)[]? rows = partitions is null
            ? null
            : [.. partitions.Where(p => _topics.ContainsKey(p.Topic)).Select(p => (_topics[p.Topic].Description.Id, p.Partition))];
        await _commitGate.WaitAsync(cancel);
        try
        {
            _storage.Metadata.DeleteOffsets(group, rows);
        }
        finally
        {
            _commitGate.Release();
        }
    }
}
