using System.Data;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using MySqlConnector;
using Sluice.Source;

namespace Sluice.Testing;

/// <summary>
/// A real MariaDB server of its own: private data folder, private socket, a free port on loopback, one user, one empty
/// database. It is killed by its process id when disposed.
/// </summary>
public sealed class MariaDb : IAsyncDisposable
{
    private const string User = "poster";
    private const string Database = "rows";

    // Holds what an address or YAML must escape.
    private const string Password = "p@ss:w/rd#1";
    private static readonly string[] s_places = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec"];

    private readonly TemporaryFolder _folder;
    private readonly Process _server;

    private MariaDb(TemporaryFolder folder, Process server, int port)
    {
        (_folder, _server) = (folder, server);
        Credentials = new DatabaseCredentials("127.0.0.1", port, User, Password, Database);
    }

    /// <summary>Why the tests that need it are skipped; null when it is installed.</summary>
    public static string? Missing => Find("mariadbd") is null || Find("mariadb-install-db") is null
        ? "needs MariaDB: apt-get install mariadb-server"
        : null;

    public DatabaseCredentials Credentials { get; }

    /// <summary>The address as --source takes it.</summary>
    public string Address =>
        $"mysql://{User}:{Uri.EscapeDataString(Password)}@127.0.0.1:{Credentials.Port}/{Database}";

    public static async Task<MariaDb> StartAsync()
    {
        var folder = new TemporaryFolder();
        await InstallAsync(folder);
        await File.WriteAllTextAsync(folder.At("init.sql"), $"""
            CREATE DATABASE `{Database}` CHARACTER SET utf8mb4;
            CREATE USER '{User}'@'%' IDENTIFIED BY '{Password}';
            GRANT ALL ON `{Database}`.* TO '{User}'@'%';
            """);
        var port = FreePort();
        var server = Start(Find("mariadbd")!,
        [
            "--no-defaults", $"--datadir={folder.At("data")}", $"--socket={folder.At("sock")}", $"--port={port}",
            $"--init-file={folder.At("init.sql")}", $"--pid-file={folder.At("pid")}", "--bind-address=127.0.0.1",
            $"--user={Environment.UserName}", "--skip-name-resolve", "--local-infile=1", "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-fast-shutdown=2",
        ]);
        await ReadyAsync(server);
        return new MariaDb(folder, server, port);
    }

    /// <summary>Creates or replaces a table with these columns, "name TYPE", and fills it.</summary>
    public async Task LoadAsync(string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows)
    {
        var settings = new MySqlConnectionStringBuilder
        {
            Server = Credentials.Host, Port = (uint)Credentials.Port, UserID = User, Password = Password, Database = Database,
            AllowLoadLocalInfile = true,
        };
        await using var connection = new MySqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        var definitions = string.Join(", ", columns.Select(c => $"`{c.Split(' ')[0]}` {c.Split(' ', 2)[1]}"));
        await using (var create = new MySqlCommand($"CREATE OR REPLACE TABLE `{table}` ({definitions})", connection))
        {
            await create.ExecuteNonQueryAsync();
        }

        using var data = new DataTable();
        data.Columns.AddRange([.. columns.Select(c => new DataColumn(c.Split(' ')[0], typeof(object)))]);
        foreach (var row in rows)
        {
            data.Rows.Add(row);
        }

        await new MySqlBulkCopy(connection) { DestinationTableName = $"`{table}`" }.WriteToServerAsync(data);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new MySqlConnection(
            new MySqlConnectionStringBuilder
            {
                Server = Credentials.Host, Port = (uint)Credentials.Port, UserID = User, Password = Password, Database = Database,
            }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_server.HasExited)
        {
            _server.Kill();
        }

        await _server.WaitForExitAsync();
        _server.Dispose();
        _folder.Dispose();
    }

    private static async Task InstallAsync(TemporaryFolder folder)
    {
        using var install = Start(Find("mariadb-install-db")!,
        [
            "--no-defaults", $"--datadir={folder.At("data")}", "--auth-root-authentication-method=normal", "--skip-test-db",
            $"--user={Environment.UserName}",
        ]);
        var output = await install.StandardError.ReadToEndAsync();
        await install.WaitForExitAsync();
        if (install.ExitCode != 0)
        {
            throw new InvalidOperationException($"mariadb-install-db failed: {output}");
        }
    }

    // The server says when it is ready; its log is read to the end afterwards so that it never waits for a full pipe.
    private static async Task ReadyAsync(Process server)
    {
        var log = new List<string>();
        while (await server.StandardError.ReadLineAsync() is { } line)
        {
            log.Add(line);
            if (line.Contains("ready for connections", StringComparison.Ordinal))
            {
                _ = server.StandardError.BaseStream.CopyToAsync(Stream.Null);
                return;
            }
        }

        throw new InvalidOperationException("mariadbd ended before it was ready:\n" + string.Join('\n', log));
    }

    private static Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return process;
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(s_places)
        .Select(place => Path.Combine(place, program)).FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
