namespace Sluice.Log.Metadata;

/// <summary>The tables of <c>metadata.db</c>; docs/formats/log.md describes each column.</summary>
internal static class MetadataSchema
{
    /// <summary>The layout this code reads and writes, kept in <c>PRAGMA user_version</c>.</summary>
    public static long Version => Layouts.Length;

    /// <summary>What each layout adds to the one before.</summary>
    public static string[] Layouts { get; } = [Create, AddStreams, AddTransactions, AddConsumerGroups, AddOffsetTimes];

    private const string Create =
        """
        CREATE TABLE topic (
          id         TEXT    NOT NULL PRIMARY KEY,
          name       TEXT    NOT NULL UNIQUE,
          partitions INTEGER NOT NULL,
          state      INTEGER NOT NULL,
          created_ms INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE topic_config (
          topic_id TEXT NOT NULL REFERENCES topic(id) ON DELETE CASCADE,
          name     TEXT NOT NULL,
          value    TEXT NOT NULL,
          PRIMARY KEY (topic_id, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE partition_start (
          topic_id     TEXT    NOT NULL REFERENCES topic(id) ON DELETE CASCADE,
          partition    INTEGER NOT NULL,
          start_offset INTEGER NOT NULL,
          PRIMARY KEY (topic_id, partition)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE committed_offset (
          group_id    TEXT    NOT NULL,
          topic_id    TEXT    NOT NULL REFERENCES topic(id) ON DELETE CASCADE,
          partition   INTEGER NOT NULL,
          next_offset INTEGER NOT NULL,
          metadata    TEXT    NOT NULL,
          PRIMARY KEY (group_id, topic_id, partition)
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>What layout 2 adds: streams and their shards, settings of the account.</summary>
    private const string AddStreams =
        """
        CREATE TABLE stream (
          topic_id   TEXT NOT NULL PRIMARY KEY REFERENCES topic(id) ON DELETE CASCADE,
          attributes TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE shard (
          topic_id        TEXT    NOT NULL REFERENCES stream(topic_id) ON DELETE CASCADE,
          number          INTEGER NOT NULL,
          state           INTEGER NOT NULL,
          first_hash      TEXT    NOT NULL,
          last_hash       TEXT    NOT NULL,
          parent          INTEGER,
          adjacent_parent INTEGER,
          epoch           INTEGER NOT NULL,
          created_ms      INTEGER NOT NULL,
          closed_ms       INTEGER,
          PRIMARY KEY (topic_id, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE account_setting (
          name  TEXT NOT NULL PRIMARY KEY,
          value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>What layout 3 adds: the transactions of Kafka producers, the partitions they write to and the offsets they will commit.</summary>
    private const string AddTransactions =
        """
        CREATE TABLE producer_transaction (
          transactional_id TEXT    NOT NULL PRIMARY KEY,
          producer_id      INTEGER NOT NULL,
          epoch            INTEGER NOT NULL,
          last_epoch       INTEGER NOT NULL,
          timeout_ms       INTEGER NOT NULL,
          state            INTEGER NOT NULL,
          started_ms       INTEGER NOT NULL,
          changed_ms       INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE transaction_partition (
          transactional_id TEXT    NOT NULL REFERENCES producer_transaction(transactional_id) ON DELETE CASCADE,
          topic_id         TEXT    NOT NULL REFERENCES topic(id) ON DELETE CASCADE,
          partition        INTEGER NOT NULL,
          PRIMARY KEY (transactional_id, topic_id, partition)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE transaction_group (
          transactional_id TEXT NOT NULL REFERENCES producer_transaction(transactional_id) ON DELETE CASCADE,
          group_id         TEXT NOT NULL,
          PRIMARY KEY (transactional_id, group_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE transaction_offset (
          transactional_id TEXT    NOT NULL REFERENCES producer_transaction(transactional_id) ON DELETE CASCADE,
          group_id         TEXT    NOT NULL,
          topic_id         TEXT    NOT NULL REFERENCES topic(id) ON DELETE CASCADE,
          partition        INTEGER NOT NULL,
          next_offset      INTEGER NOT NULL,
          metadata         TEXT    NOT NULL,
          PRIMARY KEY (transactional_id, group_id, topic_id, partition)
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>What layout 4 adds: consumer groups of the KIP-848 protocol.</summary>
    private const string AddConsumerGroups =
        """
        CREATE TABLE consumer_group (
          group_id         TEXT    NOT NULL PRIMARY KEY,
          epoch            INTEGER NOT NULL,
          assignment_epoch INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE consumer_group_member (
          group_id  TEXT NOT NULL REFERENCES consumer_group(group_id) ON DELETE CASCADE,
          member_id TEXT NOT NULL,
          state     TEXT NOT NULL,
          PRIMARY KEY (group_id, member_id)
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>What layout 5 adds: when offsets were committed, and until when groups had members, so that offsets can expire.</summary>
    private const string AddOffsetTimes =
        """
        ALTER TABLE committed_offset ADD COLUMN committed_ms INTEGER;
        CREATE TABLE group_presence (
          group_id TEXT    NOT NULL PRIMARY KEY,
          empty_ms INTEGER
        ) STRICT, WITHOUT ROWID;
        """;
}
