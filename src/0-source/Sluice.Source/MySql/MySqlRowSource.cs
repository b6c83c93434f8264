using System.Globalization;
using System.Runtime.CompilerServices;
using MySqlConnector;
using Sluice.Definition;
using Sluice.Source.Rows;

namespace Sluice.Source.MySql;

/// <summary>The tables of a MySQL or MariaDB database, read as streams in key order.</summary>
internal sealed class MySqlRowSource : IRowSource
{
    private readonly DatabaseCredentials _credentials;
    private readonly MySqlDataSource _database;
    private readonly Dictionary<string, MySqlTable> _tables;
    private readonly Dictionary<string, Task<long[]>> _keys = new(StringComparer.Ordinal);

    private MySqlRowSource(DatabaseCredentials credentials, MySqlDataSource database, Dictionary<string, MySqlTable> tables)
    {
        (_credentials, _database, _tables) = (credentials, database, tables);
    }

    public static async Task<RowSourceOpening> OpenAsync(
        DatabaseCredentials credentials, IReadOnlyList<Dataset> datasets, TimestampSpelling spelling, CancellationToken cancel)
    {
        var database = new MySqlDataSourceBuilder(ConnectionString(credentials)).UseConnectionOpenedCallback(BePatientAsync).Build();
        var tables = new Dictionary<string, MySqlTable>(StringComparer.Ordinal);
        var faults = new List<string>();
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            foreach (var dataset in datasets)
            {
                tables[dataset.Table] = await InspectAsync(connection, credentials, dataset, spelling, faults, cancel);
            }
        }
        catch (MySqlException e)
        {
            faults.Add(MySqlFaults.Explain(credentials, e));
        }

        if (faults.Count == 0)
        {
            return new RowSourceOpening(new MySqlRowSource(credentials, database, tables), faults);
        }

        await database.DisposeAsync();
        return new RowSourceOpening(null, faults);
    }

    public async ValueTask<long> CountAsync(string table, CancellationToken cancel)
    {
        try
        {
            await using var command = _database.CreateCommand($"SELECT COUNT(*) FROM {_tables[table].Name}");
            return Convert.ToInt64(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
        }
        catch (MySqlException e)
        {
            throw MySqlFaults.Exception(_credentials, e);
        }
    }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string table, long first, long count, CancellationToken cancel)
    {
        var shape = _tables[table];
        var sql = string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT {shape.Columns} FROM {shape.Name} ORDER BY {shape.Key} LIMIT {count} OFFSET {first}");
        return StreamAsync(shape, sql, cancel);
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadRowsAsync(
        string table, IReadOnlyList<long> rows, [EnumeratorCancellation] CancellationToken cancel)
    {
        // LIMIT n,1 would walk n rows for each draw, so the keys are read once and rows are fetched by key.
        var keys = await KeysAsync(table, cancel);
        foreach (var some in rows.Chunk(SourceLimits.MySqlKeysPerQuery))
        {
            var byKey = await FetchAsync(_tables[table], some.Select(row => keys[row]).Distinct(), cancel);
            foreach (var row in some)
            {
                if (!byKey.TryGetValue(keys[row], out var json))
                {
                    throw new SourceException(
                        $"{_credentials}: the row with key {keys[row]} of {table} was deleted while it was read. Start again.");
                }

                yield return json;
            }
        }
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static string ConnectionString(DatabaseCredentials credentials) => new MySqlConnectionStringBuilder
    {
        Server = credentials.Host,
        Port = (uint)credentials.Port,
        UserID = credentials.User,
        Password = credentials.Password,
        Database = credentials.Database,
        ConnectionTimeout = SourceLimits.MySqlConnectSeconds,
        // Rows stream for as long as the posting takes; a stuck server shows as a broken connection.
        DefaultCommandTimeout = 0,
        // 0000-00-00 is a value MySQL stores; it is posted as it stands.
        AllowZeroDateTime = true,
        TreatTinyAsBoolean = false,
        // CHAR(36) is a text, whatever is in it.
        GuidFormat = MySqlGuidFormat.None,
        SslMode = credentials.Tls switch
        {
            true => MySqlSslMode.Required,
            false => MySqlSslMode.None,
            null => MySqlSslMode.Preferred,
        },
    }.ConnectionString;

    /// <summary>
    /// A slow posting takes its rows slowly. By default the server gives up a client that takes nothing for 60 s
    /// (https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_net_write_timeout); a year is the most it can be told.
    /// </summary>
    private static async ValueTask BePatientAsync(MySqlConnectionOpenedContext opened, CancellationToken cancel)
    {
        await using var command = new MySqlCommand("SET SESSION net_write_timeout = 31536000", opened.Connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static async Task<MySqlTable> InspectAsync(
        MySqlConnection connection,
        DatabaseCredentials credentials,
        Dataset dataset,
        TimestampSpelling spelling,
        List<string> faults,
        CancellationToken cancel)
    {
        var store = $"{credentials} table '{dataset.Table}'";
        try
        {
            await using var command = new MySqlCommand($"SELECT * FROM {MySqlTable.Quote(dataset.Table)} LIMIT 0", connection);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            string[] columns = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
            faults.AddRange(RowShape.ColumnFaults(dataset, columns, store));
            faults.AddRange(Enumerable.Range(0, reader.FieldCount)
                .Where(at => reader.GetFieldType(at) == typeof(byte[]))
                .Select(at => $"{store}: column '{columns[at]}' is binary, which JSON cannot hold; convert it to text in a view."));
            return new MySqlTable(dataset, columns, spelling);
        }
        catch (MySqlException e) when (e.ErrorCode == MySqlErrorCode.NoSuchTable)
        {
            faults.Add($"{store}: does not exist; name the right database, or set 'table' of dataset '{dataset.Name}' in pipeline.yaml.");
            return new MySqlTable(dataset, [], spelling);
        }
    }

    private Task<long[]> KeysAsync(string table, CancellationToken cancel)
    {
        lock (_keys)
        {
            if (!_keys.TryGetValue(table, out var keys) || keys.IsFaulted || keys.IsCanceled)
            {
                _keys[table] = keys = ReadKeysAsync(_tables[table], cancel);
            }

            return keys;
        }
    }

    private async Task<long[]> ReadKeysAsync(MySqlTable table, CancellationToken cancel)
    {
        var keys = new List<long>();
        try
        {
            await using var command = _database.CreateCommand($"SELECT {table.Key} FROM {table.Name} ORDER BY {table.Key}");
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                keys.Add(reader.GetInt64(0));
            }
        }
        catch (MySqlException e)
        {
            throw MySqlFaults.Exception(_credentials, e);
        }
        catch (InvalidCastException e)
        {
            throw new SourceException(
                $"{_credentials}: the key {table.Key} of {table.Name} is not a whole number, so rows cannot be drawn at random; "
                + "post each row once instead.", e);
        }

        return [.. keys];
    }

    private async Task<Dictionary<long, ReadOnlyMemory<byte>>> FetchAsync(
        MySqlTable table, IEnumerable<long> keys, CancellationToken cancel)
    {
        var sql = $"SELECT {table.Columns}, {table.Key} FROM {table.Name} WHERE {table.Key} IN ({string.Join(',', keys)})";
        var byKey = new Dictionary<long, ReadOnlyMemory<byte>>();
        var row = new RowBuffer();
        try
        {
            await using var command = _database.CreateCommand(sql);
            await using var reader = (MySqlDataReader)await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                byKey[reader.GetInt64(table.FieldCount)] = table.Write(row, reader);
            }
        }
        catch (MySqlException e)
        {
            throw MySqlFaults.Exception(_credentials, e);
        }

        return byKey;
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(
        MySqlTable table, string sql, [EnumeratorCancellation] CancellationToken cancel)
    {
        var row = new RowBuffer();
        await using var reading = new MySqlReading(_credentials, _database, sql);
        while (await reading.ReadAsync(cancel))
        {
            yield return table.Write(row, reading.Reader);
        }
    }
}
