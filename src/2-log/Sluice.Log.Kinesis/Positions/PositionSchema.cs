namespace Sluice.Log.Kinesis.Positions;

/// <summary>The tables of the positions file.</summary>
internal static class PositionSchema
{
    /// <summary>Kept in <c>PRAGMA user_version</c>.</summary>
    public const long Version = 1;

    public const string Create =
        """
        CREATE TABLE stream (
          id        TEXT    NOT NULL PRIMARY KEY,
          name      TEXT    NOT NULL UNIQUE,
          origin_ms INTEGER
        ) STRICT;
        CREATE TABLE shard (
          stream_id TEXT    NOT NULL REFERENCES stream(id) ON DELETE CASCADE,
          partition INTEGER NOT NULL,
          shard_id  TEXT    NOT NULL,
          parents   TEXT    NOT NULL,
          PRIMARY KEY (stream_id, partition),
          UNIQUE (stream_id, shard_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE mark (
          stream_id  TEXT    NOT NULL REFERENCES stream(id) ON DELETE CASCADE,
          partition  INTEGER NOT NULL,
          offset     INTEGER NOT NULL,
          sequence   TEXT    NOT NULL,
          arrival_ms INTEGER NOT NULL,
          PRIMARY KEY (stream_id, partition, offset)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE reached (
          stream_id   TEXT    NOT NULL REFERENCES stream(id) ON DELETE CASCADE,
          partition   INTEGER NOT NULL,
          next_offset INTEGER NOT NULL,
          sequence    TEXT    NOT NULL,
          safe_ms     INTEGER NOT NULL,
          PRIMARY KEY (stream_id, partition)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE committed_offset (
          group_id    TEXT    NOT NULL,
          stream_id   TEXT    NOT NULL REFERENCES stream(id) ON DELETE CASCADE,
          partition   INTEGER NOT NULL,
          next_offset INTEGER NOT NULL,
          metadata    TEXT    NOT NULL,
          PRIMARY KEY (group_id, stream_id, partition)
        ) STRICT, WITHOUT ROWID;
        PRAGMA user_version = 1;
        """;
}
