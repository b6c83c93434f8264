namespace Sluice.Testing;

/// <summary>One MariaDB server for all tests of a class.</summary>
public sealed class MariaDbFixture : IAsyncLifetime
{
    private MariaDb? _server;

    /// <summary>The server; null where it is not installed, and <see cref="MariaDb.Missing"/> says what to do.</summary>
    public MariaDb? Server => _server;

    public async ValueTask InitializeAsync() => _server = MariaDb.Missing is null ? await MariaDb.StartAsync() : null;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
