using Microsoft.Data.Sqlite;

namespace Sluice.Log.Metadata;

/// <summary>
/// What the log knows beside its records: topics, their configs, first retained offsets, committed offsets of groups. One SQLite
/// file; every change is one transaction that is on disk when the call returns (WAL, <c>synchronous=FULL</c>).
/// </summary>
/// <remarks>One connection under one lock: changes are rare beside appends, and SQLite has one writer anyway.</remarks>
internal sealed partial class MetadataStore : IDisposable
{
    /// <summary>SQLITE_CONSTRAINT_FOREIGNKEY (https://sqlite.org/rescode.html#constraint_foreignkey).</summary>
    private const int ForeignKeyFailed = 787;

    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;

    private MetadataStore(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the file, creating it when absent. <c>:memory:</c> keeps everything in memory until disposed.</summary>
    /// <exception cref="InvalidDataException">The file was written by a newer version, or is not a database.</exception>
    public static MetadataStore Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
            Migrate(connection, path);
            return new MetadataStore(connection);
        }
        catch (SqliteException fault)
        {
            connection.Dispose();
            throw new InvalidDataException($"The log's metadata '{path}' cannot be opened: {fault.Message}", fault);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public IReadOnlyList<StoredTopic> Topics() => Read(() =>
    {
        var configs = ConfigsByTopic();
        using var command = Command("SELECT id, name, partitions, state FROM topic ORDER BY name COLLATE BINARY");
        using var rows = command.ExecuteReader();
        var topics = new List<StoredTopic>();
        while (rows.Read())
        {
            var id = Guid.Parse(rows.GetString(0));
            var topicConfigs = configs.GetValueOrDefault(id) ?? [];
            var topic = new TopicDescription(id, rows.GetString(1), rows.GetInt32(2), topicConfigs);
            topics.Add(new StoredTopic(topic, (TopicState)rows.GetInt32(3)));
        }

        return topics;
    });

    /// <summary>Writes a topic down, as a stream when it has shards and attributes.</summary>
    public void InsertTopic(TopicDescription topic, TopicState state, long createdMs, StreamDescription? stream = null) => InTransaction(() =>
    {
        Execute(
            "INSERT INTO topic (id, name, partitions, state, created_ms) VALUES ($1, $2, $3, $4, $5)",
            topic.Id.ToString(), topic.Name, topic.PartitionCount, (int)state, createdMs);
        foreach (var (name, value) in topic.Configs)
            Execute("INSERT INTO topic_config (topic_id, name, value) VALUES ($1, $2, $3)", topic.Id.ToString(), name, value);
        if (stream is not null) InsertStream(stream);
    });

    public void SetTopicState(Guid topicId, TopicState state) => InTransaction(
        () => Execute("UPDATE topic SET state = $2 WHERE id = $1", topicId.ToString(), (int)state));

    /// <summary>Removes the topic with its configs, start offsets and committed offsets.</summary>
    public void DeleteTopic(Guid topicId) => InTransaction(
        () => Execute("DELETE FROM topic WHERE id = $1", topicId.ToString()));

    public void SetStartOffset(Guid topicId, int partition, long startOffset) => InTransaction(() => Execute(
        """
        INSERT INTO partition_start (topic_id, partition, start_offset) VALUES ($1, $2, $3)
        ON CONFLICT (topic_id, partition) DO UPDATE SET start_offset = excluded.start_offset
        """,
        topicId.ToString(), partition, startOffset));

    /// <summary>The first retained offset of each partition that has lost records to retention.</summary>
    public Dictionary<(Guid Topic, int Partition), long> StartOffsets() => Read(() =>
    {
        using var command = Command("SELECT topic_id, partition, start_offset FROM partition_start");
        using var rows = command.ExecuteReader();
        var starts = new Dictionary<(Guid, int), long>();
        while (rows.Read()) starts.Add((Guid.Parse(rows.GetString(0)), rows.GetInt32(1)), rows.GetInt64(2));
        return starts;
    });

    /// <exception cref="UnknownTopicPartitionException">A topic was deleted meanwhile; nothing was changed.</exception>
    /// <remarks>
    /// SQLite's max is NULL when either side is: an offset that once did not expire never does. A client that resets an offset of the
    /// pipeline's own group does not make it one that is lost a week later.
    /// </remarks>
    public void CommitOffsets(string group, IReadOnlyList<(Guid Topic, CommittedOffset Offset)> offsets) => InTransaction(() =>
    {
        foreach (var (topic, offset) in offsets)
        {
            ExecuteFor(
                offset.Partition,
                """
                INSERT INTO committed_offset (group_id, topic_id, partition, next_offset, metadata, committed_ms) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (group_id, topic_id, partition)
                DO UPDATE SET next_offset = excluded.next_offset, metadata = excluded.metadata, committed_ms = max(committed_ms, excluded.committed_ms)
                """,
                group, topic.ToString(), offset.Partition.Partition, offset.Offset, offset.Metadata, (object?)offset.CommittedMs ?? DBNull.Value);
        }
    });

    public IReadOnlyList<CommittedOffset> CommittedOffsets(string group) => Read(() =>
    {
        using var command = Command(
            """
            SELECT topic.name, committed_offset.partition, next_offset, metadata, committed_ms
            FROM committed_offset JOIN topic ON topic.id = committed_offset.topic_id
            WHERE group_id = $1 ORDER BY topic.name, committed_offset.partition
            """,
            group);
        using var rows = command.ExecuteReader();
        var offsets = new List<CommittedOffset>();
        while (rows.Read())
        {
            var partition = new TopicPartition(rows.GetString(0), rows.GetInt32(1));
            var committedMs = rows.IsDBNull(4) ? (long?)null : rows.GetInt64(4);
            offsets.Add(new CommittedOffset(partition, rows.GetInt64(2), rows.GetString(3)) { CommittedMs = committedMs });
        }

        return offsets;
    });

    public void Dispose()
    {
        lock (_lock) _connection.Dispose();
    }

    private static void Migrate(SqliteConnection connection, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var version = (long)command.ExecuteScalar()!;
        if (version > MetadataSchema.Version)
        {
            throw new InvalidDataException(
                $"The log's metadata '{path}' has layout {version}; this program knows up to {MetadataSchema.Version}. Use a newer program.");
        }

        if (version == MetadataSchema.Version) return;
        var missing = string.Join(' ', MetadataSchema.Layouts.Skip((int)version));
        Execute(connection, $"BEGIN IMMEDIATE; {missing} PRAGMA user_version = {MetadataSchema.Version}; COMMIT;");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private Dictionary<Guid, Dictionary<string, string>> ConfigsByTopic()
    {
        using var command = Command("SELECT topic_id, name, value FROM topic_config");
        using var rows = command.ExecuteReader();
        var configs = new Dictionary<Guid, Dictionary<string, string>>();
        while (rows.Read())
        {
            var id = Guid.Parse(rows.GetString(0));
            if (!configs.TryGetValue(id, out var ofTopic)) configs.Add(id, ofTopic = new Dictionary<string, string>(StringComparer.Ordinal));
            ofTopic.Add(rows.GetString(1), rows.GetString(2));
        }

        return configs;
    }

    /// <exception cref="IOException">The file could not be read.</exception>
    private T Read<T>(Func<T> read)
    {
        lock (_lock)
        {
            try
            {
                return read();
            }
            catch (SqliteException fault)
            {
                throw new IOException($"The log's metadata '{_connection.DataSource}' could not be read: {fault.Message}", fault);
            }
        }
    }

    /// <exception cref="IOException">Nothing was changed.</exception>
    private void InTransaction(Action change)
    {
        lock (_lock)
        {
            try
            {
                using var transaction = _connection.BeginTransaction();
                change();
                transaction.Commit();
            }
            catch (SqliteException fault)
            {
                throw new IOException($"The log's metadata '{_connection.DataSource}' could not be changed: {fault.Message}", fault);
            }
        }
    }

    private void Execute(string sql, params ReadOnlySpan<object> values)
    {
        using var command = Command(sql, values);
        command.ExecuteNonQuery();
    }

    /// <summary>Inserts a row that belongs to a partition's topic.</summary>
    /// <exception cref="UnknownTopicPartitionException">The topic is not there: it was deleted since it was looked for.</exception>
    private void ExecuteFor(TopicPartition partition, string sql, params ReadOnlySpan<object> values)
    {
        try
        {
            Execute(sql, values);
        }
        catch (SqliteException fault) when (fault.SqliteExtendedErrorCode == ForeignKeyFailed)
        {
            throw new UnknownTopicPartitionException(partition);
        }
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<object> values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i + 1}", values[i]);
        return command;
    }
}

/// <summary>A topic with the step of its life that was last written down.</summary>
internal sealed record StoredTopic(TopicDescription Topic, TopicState State);

/// <summary>The number is what the database holds.</summary>
internal enum TopicState
{
    /// <summary>Its directories are being made; a crash here undoes the creation.</summary>
    Creating = 0,

    Live = 1,

    /// <summary>Its directories are being deleted; a crash here is continued at the next start.</summary>
    Deleting = 2,
}
