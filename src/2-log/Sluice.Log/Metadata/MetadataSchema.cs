namespace Sluice.Log.Metadata;

/// <summary>The tables of <c>metadata.db</c>; docs/formats/log.md describes each column.</summary>
internal static class MetadataSchema
{
    /// <summary>The layout this code reads and writes, kept in <c>PRAGMA user_version</c>.</summary>
    public const long Version = 1;

    public const string Create =
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
        PRAGMA user_version = 1;
        """;
}
