namespace Sluice.Log.Metadata;

internal sealed partial class MetadataStore
{
    /// <summary>The groups with committed offsets.</summary>
    public IReadOnlyList<string> Groups()
    {
        lock (_lock)
        {
            using var command = Command("SELECT DISTINCT group_id FROM committed_offset ORDER BY group_id COLLATE BINARY");
            using var rows = command.ExecuteReader();
            var groups = new List<string>();
            while (rows.Read()) groups.Add(rows.GetString(0));
            return groups;
        }
    }

    /// <summary>Deletes a group's offsets: those of the partitions named, or all.</summary>
    public void DeleteOffsets(string group, IReadOnlyList<(Guid Topic, int Partition)>? partitions) => InTransaction(() =>
    {
        if (partitions is null)
        {
            Execute("DELETE FROM committed_offset WHERE group_id = $1", group);
            return;
        }

        foreach (var (topic, partition) in partitions)
            Execute("DELETE FROM committed_offset WHERE group_id = $1 AND topic_id = $2 AND partition = $3", group, topic.ToString(), partition);
    });

    /// <summary>Replaces the configs that a topic sets itself.</summary>
    public void SetConfigs(Guid topicId, IReadOnlyDictionary<string, string> configs) => InTransaction(() =>
    {
        Execute("DELETE FROM topic_config WHERE topic_id = $1", topicId.ToString());
        foreach (var (name, value) in configs)
            Execute("INSERT INTO topic_config (topic_id, name, value) VALUES ($1, $2, $3)", topicId.ToString(), name, value);
    });

    public void SetPartitionCount(Guid topicId, int count) => InTransaction(
        () => Execute("UPDATE topic SET partitions = $2 WHERE id = $1", topicId.ToString(), count));
}
