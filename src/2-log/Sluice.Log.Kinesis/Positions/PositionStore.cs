using System.Globalization;
using Microsoft.Data.Sqlite;
using Sluice.Log.Kinesis.Shards;

namespace Sluice.Log.Kinesis.Positions;

/// <summary>How far a shard was read.</summary>
/// <param name="NextOffset">The offset of the next record.</param>
/// <param name="SequenceNumber">Of the last record before it; empty when the next record is the oldest one kept.</param>
/// <param name="SafeMs">No record that arrived up to this moment is missing before <paramref name="NextOffset"/>.</param>
internal sealed record Reached(long NextOffset, string SequenceNumber, long SafeMs);

/// <summary>A shard as it was met.</summary>
internal sealed record StoredShard(int Partition, string ShardId, IReadOnlyList<int> Parents);

/// <summary>
/// Which sequence number each offset is. Every change is one transaction that is on disk when the call returns, so that no offset is ever given
/// out whose place is not known after a crash.
/// </summary>
internal sealed class PositionStore : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;

    private PositionStore(SqliteConnection connection, string path) => (_connection, Path) = (connection, path);

    public string Path { get; }

    /// <exception cref="InvalidDataException">The file was written by a newer version, or is not a database.</exception>
    public static PositionStore Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            var store = new PositionStore(connection, path);
            store.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
            store.Migrate();
            return store;
        }
        catch (SqliteException fault)
        {
            connection.Dispose();
            throw new InvalidDataException($"The positions file '{path}' cannot be opened: {fault.Message} Restore it from a copy.", fault);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose() => _connection.Dispose();

    /// <summary>Meets a stream: what is known of an earlier one of the same name is forgotten. Gives the origin of its offsets.</summary>
    public long? MeetStream(Guid id, string name, long? originMs) => InTransaction(() =>
    {
        Execute("DELETE FROM stream WHERE name = $1 AND id <> $2", name, Text(id));
        Execute("INSERT INTO stream (id, name, origin_ms) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING", Text(id), name, (object?)originMs ?? DBNull.Value);
        return Query("SELECT origin_ms FROM stream WHERE id = $1", row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), Text(id)).Single();
    });

    public void ForgetStream(string name) => InTransaction(() => Execute("DELETE FROM stream WHERE name = $1", name));

    /// <summary>Numbers shards in the order of their ids; those met before keep their numbers, also when Kinesis no longer lists them.</summary>
    /// <param name="listed">Shard id and the ids of its parents.</param>
    public IReadOnlyList<StoredShard> MeetShards(Guid stream, IReadOnlyList<(string ShardId, IReadOnlyList<string> Parents)> listed) => InTransaction(() =>
    {
        var known = Shards(stream);
        var numbers = known.ToDictionary(shard => shard.ShardId, shard => shard.Partition, StringComparer.Ordinal);
        foreach (var (shardId, parents) in listed.OrderBy(shard => shard.ShardId, StringComparer.Ordinal))
        {
            if (numbers.ContainsKey(shardId)) continue;
            // A parent that was gone before this file met the stream has no records to be read first.
            var met = parents.Where(numbers.ContainsKey).Select(parent => numbers[parent]);
            Execute(
                "INSERT INTO shard (stream_id, partition, shard_id, parents) VALUES ($1, $2, $3, $4)",
                Text(stream), numbers.Count, shardId, string.Join(',', met));
            numbers.Add(shardId, numbers.Count);
        }

        return numbers.Count == known.Count ? known : Shards(stream);
    });

    public Reached? ReachedOf(Guid stream, int partition) => Locked(() => Query(
        "SELECT next_offset, sequence, safe_ms FROM reached WHERE stream_id = $1 AND partition = $2",
        row => new Reached(row.GetInt64(0), row.GetString(1), row.GetInt64(2)), Text(stream), partition).SingleOrDefault());

    /// <summary>The first mark, the last one, or the last one at or before an offset or an arrival time.</summary>
    public ShardMark? FirstMark(Guid stream, int partition) => Mark("ORDER BY offset LIMIT 1", stream, partition);

    /// <inheritdoc cref="FirstMark"/>
    public ShardMark? LastMark(Guid stream, int partition) => Mark("ORDER BY offset DESC LIMIT 1", stream, partition);

    /// <inheritdoc cref="FirstMark"/>
    public ShardMark? MarkAt(Guid stream, int partition, long offset) => Mark("AND offset <= $3 ORDER BY offset DESC LIMIT 1", stream, partition, offset);

    /// <inheritdoc cref="FirstMark"/>
    public ShardMark? MarkBefore(Guid stream, int partition, long arrivalMs) => Mark("AND arrival_ms < $3 ORDER BY offset DESC LIMIT 1", stream, partition, arrivalMs);

    /// <summary>Notes how far a shard is read, with a mark unless null, and forgets marks of records that are gone.</summary>
    public void Advance(Guid stream, int partition, Reached reached, ShardMark? mark, long goneBeforeMs) => InTransaction(() =>
    {
        SetReached(stream, partition, reached);
        if (mark is not { } place) return;
        Execute(
            "INSERT OR IGNORE INTO mark (stream_id, partition, offset, sequence, arrival_ms) VALUES ($1, $2, $3, $4, $5)",
            Text(stream), partition, place.Offset, place.SequenceNumber, place.ArrivalMs);
        Execute("DELETE FROM mark WHERE stream_id = $1 AND partition = $2 AND arrival_ms < $3 AND offset < $4", Text(stream), partition, goneBeforeMs, place.Offset);
    });

    /// <summary>Forgets the marks up to an offset: their records are gone.</summary>
    public void ForgetMarks(Guid stream, int partition, long upTo, Reached? reached) => InTransaction(() =>
    {
        Execute("DELETE FROM mark WHERE stream_id = $1 AND partition = $2 AND offset <= $3", Text(stream), partition, upTo);
        if (reached is not null) SetReached(stream, partition, reached);
    });

    public void CommitOffsets(string group, IReadOnlyList<(Guid Stream, CommittedOffset Offset)> offsets) => InTransaction(() =>
    {
        foreach (var (stream, offset) in offsets)
        {
            Execute(
                """
                INSERT INTO committed_offset (group_id, stream_id, partition, next_offset, metadata) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, metadata = excluded.metadata
                """,
                group, Text(stream), offset.Partition.Partition, offset.Offset, offset.Metadata);
        }
    });

    public IReadOnlyList<CommittedOffset> CommittedOffsets(string group) => Locked(() => Query(
        """
        SELECT stream.name, partition, next_offset, metadata FROM committed_offset JOIN stream ON stream.id = stream_id
        WHERE group_id = $1 ORDER BY stream.name, partition
        """,
        row => new CommittedOffset(new TopicPartition(row.GetString(0), row.GetInt32(1)), row.GetInt64(2), row.GetString(3)), group));

    private static string Text(Guid id) => id.ToString();

    private void SetReached(Guid stream, int partition, Reached reached) => Execute(
        """
        INSERT INTO reached (stream_id, partition, next_offset, sequence, safe_ms) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, sequence = excluded.sequence, safe_ms = excluded.safe_ms
        """,
        Text(stream), partition, reached.NextOffset, reached.SequenceNumber, reached.SafeMs);

    private List<StoredShard> Shards(Guid stream) => Query(
        "SELECT partition, shard_id, parents FROM shard WHERE stream_id = $1 ORDER BY partition",
        row => new StoredShard(
            row.GetInt32(0),
            row.GetString(1),
            [.. row.GetString(2).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(parent => int.Parse(parent, CultureInfo.InvariantCulture))]),
        Text(stream));

    private ShardMark? Mark(string which, Guid stream, int partition, params object[] more) => Locked(() =>
    {
        var found = Query(
            "SELECT offset, sequence, arrival_ms FROM mark WHERE stream_id = $1 AND partition = $2 " + which,
            row => new ShardMark(row.GetInt64(0), row.GetString(1), row.GetInt64(2)), [Text(stream), partition, .. more]);
        return found.Count == 0 ? (ShardMark?)null : found[0];
    });

    private void Migrate()
    {
        var version = Query("PRAGMA user_version", row => row.GetInt64(0)).Single();
        if (version > PositionSchema.Version) throw new InvalidDataException($"The positions file '{Path}' is of a newer version ({version}); use a newer Sluice.");
        if (version == 0) InTransaction(() => Execute(PositionSchema.Create));
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock) return read();
    }

    private void InTransaction(Action change) => InTransaction(() =>
    {
        change();
        return 0;
    });

    private T InTransaction<T>(Func<T> change)
    {
        lock (_lock)
        {
            using var transaction = _connection.BeginTransaction();
            var result = change();
            transaction.Commit();
            return result;
        }
    }

    private void Execute(string sql, params object[] values)
    {
        using var command = Command(sql, values);
        command.ExecuteNonQuery();
    }

    private List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params object[] values)
    {
        using var command = Command(sql, values);
        using var rows = command.ExecuteReader();
        var found = new List<T>();
        while (rows.Read()) found.Add(read(rows));
        return found;
    }

    private SqliteCommand Command(string sql, object[] values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"${i + 1}"), values[i]);
        return command;
    }
}
