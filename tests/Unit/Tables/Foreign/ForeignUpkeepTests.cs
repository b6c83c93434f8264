using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables.Foreign;

/// <summary>What is deleted, and what is replaced, in tables that other engines write as Sluice does not.</summary>
public sealed class ForeignUpkeepTests
{
    private static readonly string s_numbers = ForeignTable.Metadata(ForeignTable.Field("n", "integer"));

    [Theory]
    [InlineData("")]
    [InlineData("file:///elsewhere/_delta_log/_sidecars/")]
    public async Task Sidecars_of_a_checkpoint_with_a_classic_name_outlive_a_clean_up_of_the_log(string folder)
    {
        using var bed = new TableBed(new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(60)));
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol("v2Checkpoint"), s_numbers);
        var add = await foreign.AddAsync("SELECT 1::INTEGER AS n");
        foreign.Commit(1, add);
        await WriteSidecarAsync(bed, foreign, "in-use", add);
        await WriteSidecarAsync(bed, foreign, "loose", add);
        await WriteCheckpointAsync(bed, foreign, 1, $"{folder}in-use.parquet");
        var table = await foreign.OpenAsync();

        // The commit before the checkpoint, and the sidecar that nobody names.
        (await table.CleanLogAsync(TableBed.Cancel)).ShouldBe(2);
        Directory.GetFiles(Path.Combine(foreign.Root, "_delta_log", "_sidecars")).Select(Path.GetFileName).ShouldBe(["in-use.parquet"]);
        using var fresh = new TableBed(root: bed.Root);
        (await new ForeignTable(fresh).RowsAsync()).ShouldBe(["""{"n":1}"""]);
    }

    [Theory]
    [InlineData("{0}/{1}")]
    [InlineData("file:{0}/{1}")]
    [InlineData("file:///moved/since/{1}")]
    [InlineData("dbfs:/mnt/t/foreign/{1}")]
    [InlineData("s3://bucket/t/foreign/{1}")]
    public async Task A_vacuum_keeps_files_that_the_log_names_by_an_absolute_path(string spelling)
    {
        using var bed = new TableBed(new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(8)));
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol(), s_numbers);
        var add = await foreign.AddAsync("SELECT 1::INTEGER AS n", folder: "p=a%20b");
        var loose = await foreign.AddAsync("SELECT 2::INTEGER AS n", folder: "p=c");
        File.Copy(Path.Combine(foreign.Root, "p=c", "part-1.parquet"), Path.Combine(foreign.Root, "p=c", "part-0.parquet"));
        foreign.Commit(1, Spelled(foreign, add, spelling));
        loose.ShouldContain("part-1.parquet");
        var table = await foreign.OpenAsync();
        (await table.VacuumAsync(new VacuumOptions(), TableBed.Cancel)).Files.ShouldBe(["p=c/part-0.parquet", "p=c/part-1.parquet"]);
        File.Exists(Path.Combine(foreign.Root, "p=a%20b", "part-0.parquet")).ShouldBeTrue();
        if (spelling.Contains("{0}", StringComparison.Ordinal)) (await foreign.RowsAsync()).ShouldBe(["""{"n":1}"""]);
    }

    [Fact]
    public async Task A_file_that_is_live_by_an_absolute_path_is_not_deleted_because_its_relative_one_was_removed()
    {
        using var bed = new TableBed(new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(8)));
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol(), s_numbers);
        var add = await foreign.AddAsync("SELECT 1::INTEGER AS n");
        foreign.Commit(1, add);
        foreign.Commit(2, """{"remove":{"path":"part-0.parquet","deletionTimestamp":1700000000000,"dataChange":true}}""", Spelled(foreign, add, "file:{0}/{1}"));
        await (await foreign.OpenAsync()).DeleteExpiredAsync(TableBed.Cancel);
        (await foreign.RowsAsync()).ShouldBe(["""{"n":1}"""]);
    }

    [Theory]
    [InlineData("timestamp", "TIMESTAMPTZ '2024-01-01 00:00:00+00'", "2024-01-01 00:00:00", "2024-01-01 00:00:00.000001")]
    [InlineData("timestamp", "TIMESTAMPTZ '2024-01-01 00:00:00.5+00'", "2024-01-01T01:00:00.500+01:00", "2024-01-01T00:00:00.500+01:00")]
    [InlineData("timestamp_ntz", "TIMESTAMP '2024-01-01 00:00:00'", "2024-01-01 00:00:00", "2024-01-01 00:00:01")]
    [InlineData("double", "-1e-5::DOUBLE", "-1.0E-5", "1.0E-5")]
    [InlineData("double", "'NaN'::DOUBLE", "NaN", "Infinity")]
    [InlineData("double", "0::DOUBLE", "-0.0", "1.0")]
    [InlineData("float", "0.1::FLOAT", "0.1", "0.10001")]
    [InlineData("decimal(38,10)", "0.0000000100::DECIMAL(38,10)", "1E-8", "0.1")]
    [InlineData("decimal(38,0)", "12345678901234567890123456789012345678::DECIMAL(38,0)", "12345678901234567890123456789012345678", "12345678901234567890123456789012345679")]
    [InlineData("integer", "100::INTEGER", "0100", "10")]
    [InlineData("boolean", "true", "TRUE", "false")]
    [InlineData("date", "DATE '2024-02-29'", "2024-02-29", "2024-02-28")]
    [InlineData("string", "'1.0'", "1.0", "1.00")]
    [InlineData("string", "''", "", "-")]
    public async Task A_partition_is_overwritten_whatever_spelling_its_value_has_in_the_log(string type, string select, string same, string other)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        string[] features = type == "timestamp_ntz" ? ["timestampNtz"] : [];
        foreign.Commit(0, ForeignTable.Protocol(features), ForeignTable.Metadata($"{ForeignTable.Field("n", "integer")},{ForeignTable.Field("p", type)}", ["p"]));
        foreign.Commit(
            1, await foreign.AddAsync("SELECT 1::INTEGER AS n", $"\"p\":\"{same}\""), await foreign.AddAsync("SELECT 2::INTEGER AS n", $"\"p\":\"{other}\""),
            await foreign.AddAsync("SELECT 3::INTEGER AS n", same.Length == 0 ? "\"p\":\"x\"" : "\"p\":null"));
        var table = await foreign.OpenAsync();
        (await table.OverwritePartitionsAsync(bed.Connection, $"SELECT 4::INTEGER AS n, {select} AS p", TableBed.Cancel)).Done.ShouldBeTrue();
        bed.Rows($"SELECT n FROM {await table.RelationAsync(await table.SnapshotAsync(TableBed.Cancel), TableBed.Cancel)}").ShouldBe(["""{"n":2}""", """{"n":3}""", """{"n":4}"""]);
    }

    [Fact]
    public async Task No_partition_is_overwritten_where_a_value_in_the_log_is_none_of_its_type()
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol(), ForeignTable.Metadata($"{ForeignTable.Field("n", "integer")},{ForeignTable.Field("p", "timestamp")}", ["p"]));
        foreign.Commit(1, await foreign.AddAsync("SELECT 1::INTEGER AS n", "\"p\":\"2024-01-01 00:00:00 Asia/Tokyo\""));
        var table = await foreign.OpenAsync();
        (await Should.ThrowAsync<TableUnsupportedException>(
            () => table.OverwritePartitionsAsync(bed.Connection, "SELECT 4::INTEGER AS n, TIMESTAMPTZ '2024-01-01 00:00:00+00' AS p", TableBed.Cancel))).Message.ShouldContain("part-0.parquet");
    }

    [Fact]
    public async Task Overwrites_of_one_partition_conflict_and_of_different_ones_do_not()
    {
        await using var bed = new TableBed();
        var design = new TableDesign(TableBed.Schema(("n", "INTEGER"), ("p", "INTEGER"))) { PartitionColumns = ["p"] };
        var table = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "a"), design, TableBed.Cancel);
        using var other = new TableBed(root: bed.Root, wrap: store => new BeforeTheCommit(store, () => OverwriteAsync(bed, table, 1)));
        var late = (await other.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await OverwriteAsync(other, late, 2)).Done.ShouldBeTrue();
        using var again = new TableBed(root: bed.Root, wrap: store => new BeforeTheCommit(store, () => OverwriteAsync(bed, table, 3)));
        var loser = (await again.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await OverwriteAsync(again, loser, 3)).Commit!.Value.Outcome.ShouldBe(CommitOutcome.AppendConflict);
        (await bed.RowsAsync(table)).ShouldBe(["""{"n":0,"p":1}""", """{"n":0,"p":2}""", """{"n":0,"p":3}"""]);
    }

    private static Task<RowChange> OverwriteAsync(TableBed bed, DeltaTable table, int partition) =>
        table.OverwritePartitionsAsync(bed.Connection, $"SELECT 0::INTEGER AS n, {partition}::INTEGER AS p", TableBed.Cancel);

    /// <summary>The action with its file's path spelled in another way: {0} is the table's directory, {1} the path as it was.</summary>
    private static string Spelled(ForeignTable foreign, string add, string spelling)
    {
        const string Begin = "{\"add\":{\"path\":\"";
        var path = add[Begin.Length..add.IndexOf('"', Begin.Length)];
        return Begin + string.Format(null, spelling, foreign.Root, path) + add[(Begin.Length + path.Length)..];
    }

    private static async Task WriteSidecarAsync(TableBed bed, ForeignTable foreign, string name, string add)
    {
        const string Columns = "{\"add\": 'STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN)'}";
        Directory.CreateDirectory(Path.Combine(foreign.Root, "_delta_log", "_sidecars"));
        await WriteParquetAsync(bed, foreign, $"_sidecars/{name}", Columns, add);
    }

    private static async Task WriteCheckpointAsync(TableBed bed, ForeignTable foreign, long version, string sidecar)
    {
        const string Columns = "{\"metaData\": 'STRUCT(id VARCHAR, format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR))', "
            + "\"protocol\": 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])', "
            + "\"checkpointMetadata\": 'STRUCT(version BIGINT)', \"sidecar\": 'STRUCT(path VARCHAR, sizeInBytes BIGINT, modificationTime BIGINT)'}";
        await WriteParquetAsync(
            bed, foreign, $"{version:D20}.checkpoint", Columns, $$$"""{"checkpointMetadata":{"version":{{{version}}}}}""", ForeignTable.Protocol("v2Checkpoint"), s_numbers,
            $$$"""{"sidecar":{"path":"{{{sidecar}}}","sizeInBytes":1,"modificationTime":1}}""");
    }

    private static async Task WriteParquetAsync(TableBed bed, ForeignTable foreign, string name, string columns, params string[] lines)
    {
        var path = Path.Combine(foreign.Root, "_delta_log", name);
        foreign.Write($"{name}.lines", lines);
        await bed.Connection.ExecuteAsync(
            $"COPY (SELECT * FROM read_json({SqlName.Literal(path + ".lines")}, format = 'newline_delimited', columns = {columns})) TO {SqlName.Literal(path + ".parquet")} (FORMAT parquet)",
            TableBed.Cancel);
        File.Delete(path + ".lines");
    }
}
