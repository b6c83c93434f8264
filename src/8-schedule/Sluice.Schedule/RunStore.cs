using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Sluice.Schedule;

/// <summary>
/// Runs and tasks in one SQLite file. Every change is one transaction, on disk before the caller goes on. Opening the store
/// takes it over: the fencing token grows, and a process that held it before can record nothing more.
/// </summary>
public sealed partial class RunStore : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Lock _writer = new();

    private RunStore(SqliteConnection connection, string owner)
    {
        _connection = connection;
        Owner = owner;
    }

    /// <summary>Who holds the tasks that this process runs.</summary>
    public string Owner { get; }

    /// <summary>The fencing token of this owner.</summary>
    public long Fence { get; private set; }

    /// <summary>Called around each commit, so that a simulation can end the process at any of them.</summary>
    internal Action<CommitPoint, string>? AtCommit { get; set; }

    internal enum CommitPoint
    {
        Before,
        After,
    }

    /// <summary>Opens the file, creates it when it is missing, and takes it over.</summary>
    /// <param name="path">The file; its directory is created.</param>
    /// <param name="owner">Who holds the tasks from here on, for people who read the history: say, host and process id.</param>
    /// <exception cref="ScheduleException">A newer version of Sluice wrote the file.</exception>
    public static RunStore Open(string path, string owner)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            // A pooled connection would keep the file open after Dispose.
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {ScheduleLimits.BusyTimeoutMs}"));
            // FULL makes a commit in WAL mode durable; NORMAL could forget the last ones at a power cut.
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
            CheckVersion(connection, path);
            CreateSchema(connection);
            var store = new RunStore(connection, owner);
            store.TakeOver();
            return store;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        // A transition that another thread is recording is recorded first.
        lock (_writer)
            _connection.Dispose();
    }

    private void TakeOver()
    {
        using var command = Command("UPDATE owner SET name = $owner, fence = fence + 1 RETURNING fence", ("$owner", Owner));
        Fence = (long)command.ExecuteScalar()!;
    }

    /// <summary>One transaction of the owner. It fails before it changes anything when another process has taken over.</summary>
    private T Write<T>(string what, Func<T> change)
    {
        lock (_writer)
        {
            using var transaction = _connection.BeginTransaction();
            RequireOwnership();
            var result = change();
            AtCommit?.Invoke(CommitPoint.Before, what);
            transaction.Commit();
            AtCommit?.Invoke(CommitPoint.After, what);
            return result;
        }
    }

    private T Read<T>(Func<T> query)
    {
        lock (_writer)
            return query();
    }

    private void RequireOwnership()
    {
        using var command = Command("SELECT name, fence FROM owner");
        using var row = command.ExecuteReader();
        row.Read();
        if (row.GetInt64(1) != Fence)
        {
            throw new StaleOwnerException(
                $"The schedule belongs to {row.GetString(0)} by now, and {Owner} may not change it any more: stop this process.");
        }
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    private static long? Ms(DateTimeOffset? instant) => instant?.ToUnixTimeMilliseconds();
}
