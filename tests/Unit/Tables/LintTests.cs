using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

/// <summary>One broken table a rule.</summary>
public sealed class LintTests
{
    private const string Two = "00000000000000000002.json";

    [Theory]
    [InlineData(Two, "\"size\":", "\"bytes\":", "Add File and Remove File", "lacks 'size'")]
    [InlineData(Two, "{\"commitInfo\"", "[]\n{\"commitInfo\"", "Actions", "not an object")]
    [InlineData(Two, "{\"commitInfo\"", "oops\n{\"commitInfo\"", "Actions", "no JSON")]
    [InlineData(Two, "\"numRecords\\\":1", "\"numRecords\\\":2", "Per-file Statistics", "numRecords is 2")]
    [InlineData(Two, "\"maxValues\\\":{\\\"a\\\":2", "\"maxValues\\\":{\\\"a\\\":1", "Per-file Statistics", "above its maximum")]
    [InlineData(Two, "\"nullCount\\\":{\\\"a\\\":0", "\"nullCount\\\":{\\\"a\\\":1", "Per-file Statistics", "nullCount of 'a' is 1")]
    [InlineData(Two, "\"partitionValues\":{}", "\"partitionValues\":{\"p\":\"1\"}", "Add File and Remove File", "do not name the partition columns")]
    [InlineData(Two, "\"path\":\"part", "\"path\":\"no such file", "Add File and Remove File", "not URI-encoded")]
    [InlineData(Two, "{\"commitInfo\"", "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":1}}\n{\"commitInfo\"", "Protocol Evolution", "lowers the protocol")]
    [InlineData(Two, "{\"commitInfo\"", "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"deletionVectors\"],\"writerFeatures\":[]}}\n{\"commitInfo\"", "Table Features", "is no writer feature")]
    [InlineData(Two, "{\"commitInfo\"", "{\"txn\":{\"appId\":\"x\",\"version\":1}}\n{\"txn\":{\"appId\":\"x\",\"version\":2}}\n{\"commitInfo\"", "Transaction Identifiers", "more than one txn")]
    [InlineData("00000000000000000000.json", "\"configuration\":{}", "\"configuration\":{\"delta.enableChangeDataFeed\":\"true\"}", "Table Features", "changeDataFeed")]
    [InlineData("00000000000000000000.json", "\"configuration\":{}", "\"configuration\":{\"delta.constraints.c\":\"a > 1\"}", "CHECK Constraints", "constraint 'c'")]
    [InlineData("00000000000000000002.crc", "\"numFiles\":2", "\"numFiles\":3", "Version Checksum File", "numFiles is 3")]
    [InlineData("_last_checkpoint", "\"version\":2", "\"version\":1", "Last Checkpoint File", "which has no checkpoint")]
    public async Task A_breach_is_named_with_its_section(string file, string text, string instead, string section, string message)
    {
        using var bed = new TableBed(options: o => o with { ChecksumInterval = 1, CheckpointInterval = 2 });
        var table = await StartAsync(bed);
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
        var path = Path.Combine(bed.TableDirectory(table), "_delta_log", file);
        var content = await File.ReadAllTextAsync(path);
        content.ShouldContain(text);
        await File.WriteAllTextAsync(path, content.Replace(text, instead, StringComparison.Ordinal));
        var breaches = await LintAsync(bed, table);
        breaches.ShouldContain(b => b.Section == section && b.Message.Contains(message, StringComparison.Ordinal), string.Join("\n", breaches));
    }

    [Fact]
    public async Task A_missing_file_and_a_missing_commit_are_named()
    {
        using var bed = new TableBed(options: o => o with { CheckpointInterval = 2 });
        var table = await StartAsync(bed);
        File.Delete(Directory.GetFiles(bed.TableDirectory(table), "*.parquet")[0]);
        (await LintAsync(bed, table)).ShouldContain(b => b.Message.Contains("does not exist", StringComparison.Ordinal));
        File.Delete(Path.Combine(bed.TableDirectory(table), "_delta_log", "00000000000000000001.json"));
        (await LintAsync(bed, table)).ShouldContain(b => b.Section == "Delta Log Entries");
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_what_the_commits_leave_is_named()
    {
        using var bed = new TableBed(options: o => o with { CheckpointInterval = 2 });
        var table = await StartAsync(bed);
        var log = Path.Combine(bed.TableDirectory(table), "_delta_log");
        await bed.AppendAsync(table, "SELECT 3::INTEGER AS a");
        await bed.AppendAsync(table, "SELECT 4::INTEGER AS a");
        File.Copy(Path.Combine(log, "00000000000000000002.checkpoint.parquet"), Path.Combine(log, "00000000000000000004.checkpoint.parquet"), overwrite: true);
        (await LintAsync(bed, table)).ShouldContain(b => b.Section == "Checkpoints" && b.Message.Contains("lacks 2", StringComparison.Ordinal));
    }

    private static async Task<DeltaTable> StartAsync(TableBed bed)
    {
        var table = await bed.CreateAsync("a", ("a", "INTEGER"));
        await bed.AppendAsync(table, "SELECT 1::INTEGER AS a");
        await bed.AppendAsync(table, "SELECT 2::INTEGER AS a");
        return table;
    }

    private static async Task<IReadOnlyList<LintBreach>> LintAsync(TableBed bed, DeltaTable table)
    {
        using var fresh = new TableBed(root: bed.Root);
        return await TableLint.CheckAsync((await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!, TableBed.Cancel);
    }
}
