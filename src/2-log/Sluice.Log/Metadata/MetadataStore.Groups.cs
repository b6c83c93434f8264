namespace Sluice.Log.Metadata;

internal sealed partial class MetadataStore
{
    /// <summary>The groups with committed offsets.</summary>
    public IReadOnlyList<string> Groups() => Read(() =>
    {
        using var command = Command("SELECT DISTINCT group_id FROM committed_offset ORDER BY group_id COLLATE BINARY");
        using var rows = command.ExecuteReader();
        var groups = new List<string>();
        while (rows.Read()) groups.Add(rows.GetString(0));
        return groups;
    });

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
    public IReadOnlyList<StoredConsumerGroup> ConsumerGroups() => Read(() =>
    {
        var members = Rows(
            "SELECT group_id, member_id, state FROM consumer_group_member",
            row => (Group: row.GetString(0), Member: new StoredGroupMember(row.GetString(1), row.GetString(2)))).ToLookup(r => r.Group, r => r.Member);
        return Rows(
            "SELECT group_id, epoch, assignment_epoch FROM consumer_group",
            row => new StoredConsumerGroup(row.GetString(0), row.GetInt32(1), row.GetInt32(2), [.. members[row.GetString(0)]]));
    });

    /// <summary>Stores what has changed of consumer groups.</summary>
    public void SaveConsumerGroups(IReadOnlyList<ConsumerGroupChange> changes) => InTransaction(() =>
    {
        foreach (var change in changes)
        {
            var (group, epochs, members, gone) = change;
            if (change.Presence is { } presence) SavePresence(group, presence);
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

    /// <summary>Groups that had members when this was last written have none since <paramref name="nowMs"/>.</summary>
    public void EndPresence(long nowMs) => InTransaction(() => Execute("UPDATE group_presence SET empty_ms = $1 WHERE empty_ms IS NULL", nowMs));

    /// <summary>Lets the time of these groups begin again, unless they have members, whose time has not begun.</summary>
    public void KeepOffsets(IReadOnlyCollection<string> groups, long nowMs) => InTransaction(() =>
    {
        foreach (var group in groups)
        {
            Execute(
                """
                INSERT INTO group_presence (group_id, empty_ms) VALUES ($1, $2)
                ON CONFLICT (group_id) DO UPDATE SET empty_ms = max(empty_ms, excluded.empty_ms)
                """,
                group, nowMs);
        }
    });

    /// <summary>
    /// Deletes the offsets that expire: committed no later than this, of groups that have no members and had none since. The condition is
    /// all in the statement, so that what was stored before it is seen: a commit, or a group's first member.
    /// </summary>
    /// <returns>How many there were.</returns>
    public int ExpireOffsets(long committedMs)
    {
        var expired = 0;
        InTransaction(() =>
        {
            using var command = Command(
                """
                DELETE FROM committed_offset AS o
                WHERE o.committed_ms <= $1
                  AND NOT EXISTS (SELECT 1 FROM group_presence p WHERE p.group_id = o.group_id AND (p.empty_ms IS NULL OR p.empty_ms > $1))
                  AND NOT EXISTS (SELECT 1 FROM consumer_group_member m WHERE m.group_id = o.group_id)
                  AND NOT EXISTS (
                    SELECT 1 FROM transaction_offset t WHERE t.group_id = o.group_id AND t.topic_id = o.topic_id AND t.partition = o.partition)
                """,
                committedMs);
            expired = command.ExecuteNonQuery();
            Execute(
                """
                DELETE FROM group_presence AS p
                WHERE p.empty_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM committed_offset o WHERE o.group_id = p.group_id)
                """);
        });
        return expired;
    }

    private void SavePresence(string group, GroupPresence presence) => Execute(
        "INSERT INTO group_presence (group_id, empty_ms) VALUES ($1, $2) ON CONFLICT (group_id) DO UPDATE SET empty_ms = excluded.empty_ms",
        group, (object?)presence.EmptyMs ?? DBNull.Value);

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
