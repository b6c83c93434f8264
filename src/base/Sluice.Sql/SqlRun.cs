using DuckDB.NET.Data;
using System.Runtime.CompilerServices;

namespace Sluice.Sql;

/// <summary>Runs statements on a connection. What DuckDB refuses is a <see cref="SqlException"/> with file, line and reason.</summary>
public static class SqlRun
{
    /// <summary>Runs a statement (or several) for its effect; the number of rows changed, where it changes some.</summary>
    public static int Execute(this DuckDBConnection connection, SqlStatement statement, params object?[] parameters)
    {
        using var command = Command(connection, statement, parameters);
        try
        {
            return command.ExecuteNonQuery();
        }
        catch (DuckDBException e)
        {
            throw SqlException.From(e, statement);
        }
    }

    /// <summary>As <see cref="Execute"/>, on a worker thread; a cancellation interrupts DuckDB within milliseconds.</summary>
    public static Task<int> ExecuteAsync(
        this DuckDBConnection connection, SqlStatement statement, CancellationToken cancel, params object?[] parameters) =>
        Task.Run(
            async () =>
            {
                using var command = Command(connection, statement, parameters);
                try
                {
                    return await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
                }
                catch (DuckDBException e)
                {
                    cancel.ThrowIfCancellationRequested();
                    throw SqlException.From(e, statement);
                }
            },
            cancel);

    /// <summary>
    /// The rows of a select, as <paramref name="row"/> makes them of the reader's current row, as they come: the result is never
    /// held whole. Nothing runs before the first row is asked for.
    /// </summary>
    /// <param name="parameters">Values of <c>$1</c>, <c>$2</c> and so on, or of the question marks in order.</param>
    public static async IAsyncEnumerable<T> QueryAsync<T>(
        this DuckDBConnection connection,
        SqlStatement statement,
        Func<DuckDBDataReader, T> row,
        [EnumeratorCancellation] CancellationToken cancel,
        params object?[] parameters)
    {
        ArgumentNullException.ThrowIfNull(row);
        using var command = Command(connection, statement, parameters);
        command.UseStreamingMode = true;
        using var reader = await Task.Run(() => OpenAsync(command, statement, cancel), cancel).ConfigureAwait(false);
        while (await NextAsync(reader, statement, cancel).ConfigureAwait(false)) yield return row(reader);
    }

    /// <summary>All rows of a select; for results known to be small.</summary>
    public static async Task<IReadOnlyList<T>> ReadAsync<T>(
        this DuckDBConnection connection,
        SqlStatement statement,
        Func<DuckDBDataReader, T> row,
        CancellationToken cancel,
        params object?[] parameters)
    {
        var rows = new List<T>();
        await foreach (var item in connection.QueryAsync(statement, row, cancel, parameters).ConfigureAwait(false)) rows.Add(item);
        return rows;
    }

    /// <summary>Columns of a select without running it: names and DuckDB types, as DESCRIBE prints them.</summary>
    public static IReadOnlyList<(string Name, string Type)> Describe(this DuckDBConnection connection, SqlStatement select)
    {
        // DESCRIBE stands in the line of the select's first word, so that lines in errors stay true.
        var statement = select with { Text = "DESCRIBE " + select.Text };
        using var command = Command(connection, statement, []);
        try
        {
            using var reader = command.ExecuteReader();
            var columns = new List<(string, string)>();
            while (reader.Read()) columns.Add((reader.GetString(0), reader.GetString(1)));
            return columns;
        }
        catch (DuckDBException e)
        {
            throw SqlException.From(e, select);
        }
    }

    internal static async Task<DuckDBDataReader> OpenAsync(DuckDBCommand command, SqlStatement statement, CancellationToken cancel)
    {
        try
        {
            return (DuckDBDataReader)await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        }
        catch (DuckDBException e)
        {
            cancel.ThrowIfCancellationRequested();
            throw SqlException.From(e, statement);
        }
    }

    private static async Task<bool> NextAsync(DuckDBDataReader reader, SqlStatement statement, CancellationToken cancel)
    {
        try
        {
            return await reader.ReadAsync(cancel).ConfigureAwait(false);
        }
        catch (DuckDBException e)
        {
            cancel.ThrowIfCancellationRequested();
            throw SqlException.From(e, statement);
        }
    }

    private static DuckDBCommand Command(DuckDBConnection connection, SqlStatement statement, object?[] parameters)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var command = connection.CreateCommand();
        command.CommandText = statement.Text;
        foreach (var value in parameters) command.Parameters.Add(new DuckDBParameter(value ?? DBNull.Value));
        return command;
    }
}
