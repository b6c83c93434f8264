using Sluice.EndToEnd.Console;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tables;

/// <summary>The table commands as a user gives them, on what a demo leaves.</summary>
public sealed class TableCommandTests(DemoTables demo) : IClassFixture<DemoTables>
{
    [Theory]
    [InlineData("batch.pin")]
    [InlineData("stream.pin")]
    [InlineData("quarantine.user")]
    public async Task What_the_pipeline_writes_verifies_clean(string table)
    {
        (await demo.RunAsync("verify", table)).ShouldContain($"{table} is as the protocol wants it");
    }

    [Fact]
    public async Task Describe_tells_columns_size_protocol_and_properties()
    {
        var text = await demo.RunAsync("describe", "quarantine.pin");
        foreach (var part in new[] { "column", "reasons", "version", "files", "reader 1, writer 2", "delta.deletedFileRetentionDuration" }) text.ShouldContain(part);
    }

    [Fact]
    public async Task Optimize_and_restore_keep_rows_and_every_version_can_be_queried()
    {
        var rows = await CountAsync("batch.geo");
        (await demo.RunAsync("optimize", "batch.geo", "--zorder", "country,timestamp")).ShouldMatch("batch.geo version 2: 1 files became 1");
        (await demo.RunAsync("history", "batch.geo")).ShouldContain("OPTIMIZE");
        (await CountAsync("batch.geo VERSION AS OF 0")).ShouldBe("0");
        (await CountAsync("batch.geo VERSION AS OF 1 g WHERE g.country IS NOT NULL")).ShouldBe(rows);
        (await demo.RunAsync("restore", "batch.geo", "--version", "0")).ShouldContain("version 3: as at version 0, 0 files back and 1 gone");
        (await CountAsync("batch.geo")).ShouldBe("0");
        (await CountAsync("batch.geo TIMESTAMP AS OF '2100-01-01'")).ShouldBe("0");
        (await demo.RunAsync("restore", "batch.geo", "--version", "2")).ShouldContain("version 4: as at version 2, 1 files back and 0 gone");
        (await CountAsync("batch.geo")).ShouldBe(rows);
        (await demo.RunAsync("vacuum", "batch.geo", "--dry-run", "--retain", "0s", "--force")).ShouldContain("1 files of");
        (await demo.RunAsync("vacuum", "batch.geo")).ShouldContain("0 files of 0 bytes deleted");
        (await demo.RunAsync("vacuum", "batch.geo", "--retain", "0s", "--force")).ShouldContain("1 files of");
        (await demo.RunAsync("verify", "batch.geo")).ShouldContain("as the protocol wants it");
        (await demo.FailAsync(1, "restore", "batch.geo", "--version", "1")).ShouldContain("is deleted");
    }

    [Fact]
    public async Task A_breach_of_the_protocol_is_named_and_the_exit_code_is_1()
    {
        var path = Directory.GetFiles(Path.Combine(demo.Data, "tables", "batch", "user"), "*.parquet").Single();
        File.Delete(path);
        (await demo.FailAsync(1, "verify", "batch.user")).ShouldContain("the file is live and does not exist (PROTOCOL.md: Add File and Remove File)");
    }

    [Theory]
    [InlineData(1, "There is no table 'batch.nothing'", "verify", "batch.nothing")]
    [InlineData(1, "has no version 99", "restore", "batch.pin", "--version", "99")]
    [InlineData(2, "restore needs --version N or --timestamp TIME", "restore", "batch.pin")]
    [InlineData(2, "'noon' is no time", "restore", "batch.pin", "--timestamp", "noon")]
    [InlineData(2, "'week' is no time", "vacuum", "batch.pin", "--retain", "week")]
    [InlineData(1, "shorter than its own", "vacuum", "batch.pin", "--retain", "1h")]
    [InlineData(1, "rows cannot be ordered by 'nothing'", "optimize", "batch.pin", "--zorder", "nothing")]
    public async Task What_cannot_be_done_is_told_with_the_remedy(int exitCode, string message, params string[] args)
    {
        (await demo.FailAsync(exitCode, args)).ShouldContain(message);
    }

    private async Task<string> CountAsync(string table) => (await demo.RunAsync("query", $"SELECT count(*) FROM {table}", "--csv")).Split('\n')[1];
}

/// <summary>A data directory after a small demo.</summary>
public sealed class DemoTables : IAsyncLifetime
{
    private readonly Station _station = new();

    public string Data => _station.Data;

    public async ValueTask InitializeAsync() => await _station.RunAsync("demo", "--rows", "300");

    public Task<string> RunAsync(params string[] args) => _station.RunAsync(args);

    /// <summary>Runs a command that must end with an exit code; gives what it printed.</summary>
    public async Task<string> FailAsync(int exitCode, params string[] args)
    {
        var result = await SluiceProcess.RunAsync([.. args, "--data", Data]);
        result.ExitCode.ShouldBe(exitCode, $"sluice {string.Join(' ', args)}\n{result.Output}\n{result.Error}");
        return result.Output + result.Error;
    }

    public ValueTask DisposeAsync() => _station.DisposeAsync();
}
