using System.Runtime.CompilerServices;
using DuckDB.NET.Data;

namespace Sluice.Sql;

/// <summary>The result of a select, read as it comes: it is never held whole. Read it once, then dispose it.</summary>
public sealed class SqlRows : IDisposable
{
    private readonly DuckDBCommand _command;
    private readonly DuckDBDataReader _reader;
    private readonly SqlStatement _statement;

    internal SqlRows(DuckDBCommand command, DuckDBDataReader reader, SqlStatement statement)
    {
        _command = command;
        _reader = reader;
        _statement = statement;
        Columns = [.. Enumerable.Range(0, reader.FieldCount).Select(i => new ResultColumn(reader.GetName(i), reader.GetFieldType(i)))];
    }

    public IReadOnlyList<ResultColumn> Columns { get; }

    /// <summary>The rows, as <paramref name="row"/> makes them of the reader's current row.</summary>
    /// <exception cref="SqlException">DuckDB failed on a row.</exception>
    public async IAsyncEnumerable<T> ReadAsync<T>(Func<DuckDBDataReader, T> row, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(row);
        while (await NextAsync(cancel).ConfigureAwait(false)) yield return row(_reader);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _command.Dispose();
    }

    private async Task<bool> NextAsync(CancellationToken cancel)
    {
        try
        {
            return await _reader.ReadAsync(cancel).ConfigureAwait(false);
        }
        catch (DuckDBException e)
        {
            cancel.ThrowIfCancellationRequested();
            throw SqlException.From(e, _statement);
        }
    }
}

/// <summary>A column of a result; the type is what <see cref="DuckDBDataReader.GetValue"/> gives for it.</summary>
public sealed record ResultColumn(string Name, Type Type);
