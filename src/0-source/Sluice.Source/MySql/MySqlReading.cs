using System.Data.Common;
using MySqlConnector;

namespace Sluice.Source.MySql;

/// <summary>One running SELECT, unbuffered. Its failures are explained; an iterator could not catch them around a yield.</summary>
internal sealed class MySqlReading(DatabaseCredentials credentials, MySqlDataSource database, string sql) : IAsyncDisposable
{
    private DbCommand? _command;
    private MySqlDataReader? _reader;

    public MySqlDataReader Reader => _reader ?? throw new InvalidOperationException("Nothing has been read yet.");

    public async ValueTask<bool> ReadAsync(CancellationToken cancel)
    {
        try
        {
            _command ??= database.CreateCommand(sql);
            _reader ??= (MySqlDataReader)await _command.ExecuteReaderAsync(cancel);
            return await _reader.ReadAsync(cancel);
        }
        catch (MySqlException e)
        {
            throw MySqlFaults.Exception(credentials, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is not null)
        {
            // A reader left in the middle would be drained row by row; cancelling tells the server to stop.
            _command?.Cancel();
            await _reader.DisposeAsync();
        }

        if (_command is not null)
        {
            await _command.DisposeAsync();
        }
    }
}
