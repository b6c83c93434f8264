using DuckDB.NET.Data;

namespace Sluice.Sql;

/// <summary>Runs statements on a connection. What DuckDB refuses is a <see cref="SqlException"/> with file, line and reason.</summary>
/// <remarks>Parameters are the values of <c>$1</c>, <c>$2</c> and so on, or of the question marks in their order.</remarks>
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

    /// <summary>Runs a select on a worker thread until its first rows are there.</summary>
    public static Task<SqlRows> SelectAsync(
        this DuckDBConnection connection, SqlStatement statement, CancellationToken cancel, params object?[] parameters) =>
        Task.Run(
            async () =>
            {
                var command = Command(connection, statement, parameters);
                command.UseStreamingMode = true;
                try
                {
                    var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
                    return new SqlRows(command, (DuckDBDataReader)reader, statement);
                }
                catch (Exception e)
                {
                    command.Dispose();
                    if (e is not DuckDBException refused) throw;
                    cancel.ThrowIfCancellationRequested();
                    throw SqlException.From(refused, statement);
                }
            },
            cancel);

    /// <summary>All rows of a select; for results known to be small.</summary>
    public static async Task<IReadOnlyList<T>> ReadAsync<T>(
        this DuckDBConnection connection,
        SqlStatement statement,
        Func<DuckDBDataReader, T> row,
        CancellationToken cancel,
        params object?[] parameters)
    {
        using var rows = await connection.SelectAsync(statement, cancel, parameters).ConfigureAwait(false);
        var items = new List<T>();
        await foreach (var item in rows.ReadAsync(row, cancel).ConfigureAwait(false)) items.Add(item);
        return items;
    }

    /// <summary>Columns of a select, which is bound but not run: names and types, as DESCRIBE prints them.</summary>
    public static IReadOnlyList<SqlColumn> Describe(this DuckDBConnection connection, SqlStatement select)
    {
        // DESCRIBE stands in the line of the select's first word, so that lines in errors stay true.
        using var command = Command(connection, select with { Text = "DESCRIBE " + select.Text }, []);
        try
        {
            using var reader = command.ExecuteReader();
            var columns = new List<SqlColumn>();
            while (reader.Read()) columns.Add(new SqlColumn(reader.GetString(0), reader.GetString(1)));
            return columns;
        }
        catch (DuckDBException e)
        {
            throw SqlException.From(e, select);
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

/// <summary>A column of a select; the type is DuckDB's name of it, as DESCRIBE prints it.</summary>
public sealed record SqlColumn(string Name, string Type);
