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

    /// <summary>All consumer groups with their members.</summary>
    public IReadOnlyList<StoredConsumerGroup> ConsumerGroups()
    {
        lock (_lock)
        {
            var members = Rows(
                "SELECT group_id, member_id, state FROM consumer_group_member",
                row => (Group: row.GetString(0), Member: new StoredGroupMember(row.GetString(1), row.GetString(2)))).ToLookup(r => r.Group, r => r.Member);
            return Rows(
                "SELECT group_id, epoch, assignment_epoch FROM consumer_group",
                row => new StoredConsumerGroup(row.GetString(0), row.GetInt32(1), row.GetInt32(2), [.. members[row.GetString(0)]]));
        }
    }

    /// <summary>Stores what has changed of consumer groups.</summary>
    public void SaveConsumerGroups(IReadOnlyList<ConsumerGroupChange> changes) => InTransaction(() =>
    {
        foreach (var (group, epochs, members, gone) in changes)
        {
            if (epochs is null)
            {
                Execute("DELETE FROM consumer_group WHERE group_id = $1", group);
                continue;
            }

            Execute(
                """
                INSERT INTO consumer_group (group_id, epoch, assignment_epoch) VALUES ($1, $2, $3)
                ON CONFLICT (group_id) DO UPDATE SET epoch = excluded.epoch, assignment_epoch = excluded.assignment_epoch
                """,
                group, epochs.Value.Group, epochs.Value.Assignment);
            foreach (var id in gone) Execute("DELETE FROM consumer_group_member WHERE group_id = $1 AND member_id = $2", group, id);
            foreach (var (id, state) in members)
            {
                Execute(
                    """
                    INSERT INTO consumer_group_member (group_id, member_id, state) VALUES ($1, $2, $3)
                    ON CONFLICT (group_id, member_id) DO UPDATE SET state = excluded.state
                    """,
                    group, id, state);
            }
        }
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
