using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Sluice.Schedule;

/// <content>The tables, and the version of their layout.</content>
public sealed partial class RunStore
{
    /// <summary>Layout this code reads and writes; the database keeps its own in PRAGMA user_version.</summary>
    private const int SchemaVersion = 1;

    private const string Schema = """
        CREATE TABLE owner (
          one    INTEGER PRIMARY KEY CHECK (one = 1),
          name   TEXT    NOT NULL,
          fence  INTEGER NOT NULL
        ) STRICT;
        INSERT INTO owner VALUES (1, '', 0);

        CREATE TABLE dag (
          name          TEXT PRIMARY KEY,
          first_seen    INTEGER NOT NULL,
          next_interval INTEGER
        ) STRICT;

        CREATE TABLE run (
          id             INTEGER PRIMARY KEY,
          dag            TEXT    NOT NULL,
          logical_date   INTEGER NOT NULL,
          interval_start INTEGER NOT NULL,
          interval_end   INTEGER NOT NULL,
          trigger        TEXT    NOT NULL,
          state          TEXT    NOT NULL,
          created_at     INTEGER NOT NULL,
          started_at     INTEGER,
          ended_at       INTEGER,
          UNIQUE (dag, logical_date)
        ) STRICT;
        CREATE INDEX run_unfinished ON run (dag, logical_date) WHERE state IN ('queued', 'running');

        CREATE TABLE task (
          run_id        INTEGER NOT NULL REFERENCES run (id),
          task          TEXT    NOT NULL,
          ordinal       INTEGER NOT NULL,
          state         TEXT    NOT NULL,
          try_number    INTEGER NOT NULL,
          failures      INTEGER NOT NULL,
          interruptions INTEGER NOT NULL,
          started_at    INTEGER,
          ended_at      INTEGER,
          next_try_at   INTEGER,
          owner         TEXT,
          fence         INTEGER NOT NULL,
          error         TEXT,
          output        TEXT,
          PRIMARY KEY (run_id, task)
        ) STRICT, WITHOUT ROWID;

        PRAGMA user_version = 1;
        """;

    /// <summary>The layout of the file, 0 before its first use.</summary>
    internal static long CheckVersion(SqliteConnection connection, string path)
    {
        var found = Version(connection);
        if (found > SchemaVersion)
        {
            throw new ScheduleException(string.Create(CultureInfo.InvariantCulture,
                $"{path} has layout {found}, and this version of Sluice knows {SchemaVersion}: start the newer version that wrote it."));
        }
        return found;
    }

    private static void CreateSchema(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        if (Version(connection) == 0)
            Execute(connection, Schema);
        transaction.Commit();
    }

    private static long Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
