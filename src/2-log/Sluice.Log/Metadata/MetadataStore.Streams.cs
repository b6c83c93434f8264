using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Sluice.Log.Metadata;

internal sealed partial class MetadataStore
{
    /// <summary>The streams as they were last written down, their open and closed shards in order; by topic. Shards that never opened are left out.</summary>
    public Dictionary<Guid, StoredStream> Streams() => Read(() =>
    {
        var shards = Shards();
        using var command = Command("SELECT topic_id, attributes, created_ms FROM stream JOIN topic ON topic.id = stream.topic_id");
        using var rows = command.ExecuteReader();
        var streams = new Dictionary<Guid, StoredStream>();
        while (rows.Read())
        {
            var id = Guid.Parse(rows.GetString(0));
            var attributes = JsonSerializer.Deserialize(rows.GetString(1), StreamJson.Default.StreamAttributes)
                ?? throw new InvalidDataException($"The attributes of the stream with topic id {id} are missing in '{_connection.DataSource}'.");
            streams.Add(id, new StoredStream(rows.GetInt64(2), attributes, shards.GetValueOrDefault(id) ?? []));
        }

        return streams;
    });

    public void SetAttributes(Guid topicId, StreamAttributes attributes, IReadOnlyDictionary<string, string> configs) => InTransaction(() =>
    {
        Execute("UPDATE stream SET attributes = $2 WHERE topic_id = $1", topicId.ToString(), Text(attributes));
        foreach (var (name, value) in configs)
        {
            Execute(
                """
                INSERT INTO topic_config (topic_id, name, value) VALUES ($1, $2, $3)
                ON CONFLICT (topic_id, name) DO UPDATE SET value = excluded.value
                """,
                topicId.ToString(), name, value);
        }
    });

    /// <summary>Says which shards are about to get their files; a crash before <see cref="CommitReshard"/> undoes them.</summary>
    public void InsertOpeningShards(Guid topicId, IReadOnlyList<Shard> shards) => InTransaction(() =>
    {
        foreach (var shard in shards) InsertShard(topicId, shard, ShardState.Opening);
    });

    /// <summary>Numbers of the shards of a reshard that did not come to its end.</summary>
    public IReadOnlyList<int> OpeningShards(Guid topicId) => Read(() =>
    {
        using var command = Command("SELECT number FROM shard WHERE topic_id = $1 AND state = $2", topicId.ToString(), (int)ShardState.Opening);
        using var rows = command.ExecuteReader();
        var numbers = new List<int>();
        while (rows.Read()) numbers.Add(rows.GetInt32(0));
        return numbers;
    });

    public void DeleteOpeningShards(Guid topicId) => InTransaction(
        () => Execute("DELETE FROM shard WHERE topic_id = $1 AND state = $2", topicId.ToString(), (int)ShardState.Opening));

    /// <summary>Closes the parents and makes the shards that were opening live, in one step.</summary>
    public void CommitReshard(TopicDescription topic, IReadOnlyList<int> parents, long closedMs, StreamAttributes attributes) => InTransaction(() =>
    {
        foreach (var parent in parents)
            Execute("UPDATE shard SET closed_ms = $3 WHERE topic_id = $1 AND number = $2", topic.Id.ToString(), parent, closedMs);
        Execute("UPDATE shard SET state = $2 WHERE topic_id = $1", topic.Id.ToString(), (int)ShardState.Live);
        Execute("UPDATE topic SET partitions = $2 WHERE id = $1", topic.Id.ToString(), topic.PartitionCount);
        Execute("UPDATE stream SET attributes = $2 WHERE topic_id = $1", topic.Id.ToString(), Text(attributes));
    });

    public Dictionary<string, string> AccountSettings() => Read(() =>
    {
        using var command = Command("SELECT name, value FROM account_setting");
        using var rows = command.ExecuteReader();
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        while (rows.Read()) settings.Add(rows.GetString(0), rows.GetString(1));
        return settings;
    });

    public void SetAccountSetting(string name, string? value) => InTransaction(() =>
    {
        Execute("DELETE FROM account_setting WHERE name = $1", name);
        if (value is not null) Execute("INSERT INTO account_setting (name, value) VALUES ($1, $2)", name, value);
    });

    private static string Text(StreamAttributes attributes) => JsonSerializer.Serialize(attributes, StreamJson.Default.StreamAttributes);

    private void InsertStream(StreamDescription stream)
    {
        var topicId = stream.Topic.Id;
        Execute("INSERT INTO stream (topic_id, attributes) VALUES ($1, $2)", topicId.ToString(), Text(stream.Attributes));
        foreach (var shard in stream.Shards) InsertShard(topicId, shard, ShardState.Live);
    }

    private void InsertShard(Guid topicId, Shard shard, ShardState state) => Execute(
        """
        INSERT INTO shard (topic_id, number, state, first_hash, last_hash, parent, adjacent_parent, epoch, created_ms, closed_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)
        """,
        topicId.ToString(), shard.Number, (int)state,
        shard.Range.First.ToString(CultureInfo.InvariantCulture), shard.Range.Last.ToString(CultureInfo.InvariantCulture),
        (object?)shard.Parent ?? DBNull.Value, (object?)shard.AdjacentParent ?? DBNull.Value, shard.Epoch, shard.CreatedMs);

    private Dictionary<Guid, List<Shard>> Shards()
    {
        using var command = Command(
            """
            SELECT topic_id, number, first_hash, last_hash, parent, adjacent_parent, epoch, created_ms, closed_ms
            FROM shard WHERE state = $1 ORDER BY topic_id, number
            """,
            (int)ShardState.Live);
        using var rows = command.ExecuteReader();
        var shards = new Dictionary<Guid, List<Shard>>();
        while (rows.Read())
        {
            var id = Guid.Parse(rows.GetString(0));
            if (!shards.TryGetValue(id, out var ofStream)) shards.Add(id, ofStream = []);
            ofStream.Add(ReadShard(rows));
        }

        return shards;
    }

    private static Shard ReadShard(SqliteDataReader rows)
    {
        var range = new HashRange(
            UInt128.Parse(rows.GetString(2), CultureInfo.InvariantCulture), UInt128.Parse(rows.GetString(3), CultureInfo.InvariantCulture));
        return new Shard(
            rows.GetInt32(1), range,
            rows.IsDBNull(4) ? null : rows.GetInt32(4),
            rows.IsDBNull(5) ? null : rows.GetInt32(5),
            rows.GetInt64(6), rows.GetInt64(7),
            rows.IsDBNull(8) ? null : rows.GetInt64(8));
    }

    /// <summary>The number is what the database holds.</summary>
    private enum ShardState
    {
        /// <summary>Its files are being made for a split or merge.</summary>
        Opening = 0,

        Live = 1,
    }
}

/// <summary>A stream as the database holds it.</summary>
internal sealed record StoredStream(long CreatedMs, StreamAttributes Attributes, IReadOnlyList<Shard> Shards);
