using Microsoft.Data.Sqlite;

namespace Sluice.Log.Metadata;

internal sealed partial class MetadataStore
{
    /// <summary>All transactional ids with their transactions.</summary>
    public IReadOnlyList<StoredTransaction> Transactions() => Read<IReadOnlyList<StoredTransaction>>(() =>
    {
        var partitions = Rows(
            """
            SELECT transactional_id, topic.name, partition, topic_id FROM transaction_partition JOIN topic ON topic.id = topic_id
            ORDER BY transactional_id, topic.name, partition
            """,
            row => (
                Id: row.GetString(0),
                Partition: new TransactionPartition(new TopicPartition(row.GetString(1), row.GetInt32(2)), Guid.Parse(row.GetString(3)))))
            .ToLookup(r => r.Id, r => r.Partition);
        var groups = Rows("SELECT transactional_id, group_id FROM transaction_group", row => (Id: row.GetString(0), Group: row.GetString(1)))
            .ToLookup(r => r.Id, r => r.Group);
        var offsets = Rows(
            """
            SELECT transactional_id, group_id, topic.name, partition, next_offset, metadata
            FROM transaction_offset JOIN topic ON topic.id = topic_id
            """,
            row => (Id: row.GetString(0), Offset: new TransactionOffset(
                row.GetString(1),
                new CommittedOffset(new TopicPartition(row.GetString(2), row.GetInt32(3)), row.GetInt64(4), row.GetString(5)))))
            .ToLookup(r => r.Id, r => r.Offset);
        var records = Rows(
            """
            SELECT transactional_id, producer_id, epoch, last_epoch, timeout_ms, state, started_ms, changed_ms
            FROM producer_transaction ORDER BY transactional_id
            """,
            row => new TransactionRecord(
                row.GetString(0), row.GetInt64(1), row.GetInt16(2), row.GetInt16(3), row.GetInt32(4), (TransactionStatus)row.GetInt32(5),
                row.GetInt64(6), row.GetInt64(7)));
        return [.. records.Select(r => new StoredTransaction(r, [.. partitions[r.Id]], [.. groups[r.Id]], [.. offsets[r.Id]]))];
    });

    /// <summary>Stores a status, and what the transaction has gained with it.</summary>
    /// <exception cref="UnknownTopicPartitionException">A topic was deleted meanwhile; nothing was changed.</exception>
    public void SaveTransaction(
        TransactionRecord record,
        IReadOnlyList<TransactionPartition> partitions,
        IReadOnlyList<string> groups,
        IReadOnlyList<(Guid Topic, TransactionOffset Offset)> offsets) => InTransaction(() =>
    {
        Save(record);
        foreach (var (partition, topic) in partitions)
        {
            ExecuteFor(
                partition,
                "INSERT INTO transaction_partition (transactional_id, topic_id, partition) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                record.Id, topic.ToString(), partition.Partition);
        }

        foreach (var group in groups)
            Execute("INSERT INTO transaction_group (transactional_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", record.Id, group);
        foreach (var (topic, (group, offset)) in offsets)
        {
            ExecuteFor(
                offset.Partition,
                """
                INSERT INTO transaction_offset (transactional_id, group_id, topic_id, partition, next_offset, metadata)
                VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (transactional_id, group_id, topic_id, partition)
                DO UPDATE SET next_offset = excluded.next_offset, metadata = excluded.metadata
                """,
                record.Id, group, topic.ToString(), offset.Partition.Partition, offset.Offset, offset.Metadata);
        }
    });

    /// <summary>Stores that a transaction is over; its offsets become those of their groups, as of now, when it was committed, and are gone otherwise.</summary>
    public void CompleteTransaction(TransactionRecord record) => InTransaction(() =>
    {
        if (record.Status == TransactionStatus.CompleteCommit)
        {
            Execute(
                """
                INSERT INTO committed_offset (group_id, topic_id, partition, next_offset, metadata, committed_ms)
                SELECT group_id, topic_id, partition, next_offset, metadata, $2 FROM transaction_offset WHERE transactional_id = $1
                ON CONFLICT (group_id, topic_id, partition)
                DO UPDATE SET next_offset = excluded.next_offset, metadata = excluded.metadata, committed_ms = max(committed_ms, excluded.committed_ms)
                """,
                record.Id, record.ChangedMs);
        }

        Execute("DELETE FROM transaction_offset WHERE transactional_id = $1", record.Id);
        Execute("DELETE FROM transaction_group WHERE transactional_id = $1", record.Id);
        Execute("DELETE FROM transaction_partition WHERE transactional_id = $1", record.Id);
        Save(record);
    });

    public void DeleteTransactions(IReadOnlyList<string> transactionalIds) => InTransaction(() =>
    {
        foreach (var id in transactionalIds) Execute("DELETE FROM producer_transaction WHERE transactional_id = $1", id);
    });

    private void Save(TransactionRecord record) => Execute(
        """
        INSERT INTO producer_transaction (transactional_id, producer_id, epoch, last_epoch, timeout_ms, state, started_ms, changed_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (transactional_id) DO UPDATE SET
          producer_id = excluded.producer_id, epoch = excluded.epoch, last_epoch = excluded.last_epoch, timeout_ms = excluded.timeout_ms,
          state = excluded.state, started_ms = excluded.started_ms, changed_ms = excluded.changed_ms
        """,
        record.Id, record.ProducerId, record.Epoch, record.LastEpoch, record.TimeoutMs, (int)record.Status, record.StartedMs, record.ChangedMs);

    private List<T> Rows<T>(string sql, Func<SqliteDataReader, T> read)
    {
        using var command = Command(sql);
        using var rows = command.ExecuteReader();
        var found = new List<T>();
        while (rows.Read()) found.Add(read(rows));
        return found;
    }
}
