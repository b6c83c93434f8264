using System.Buffers.Binary;
using Shouldly;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables.Foreign;

/// <summary>What other engines write and Sluice does not.</summary>
public sealed class ForeignTableTests
{
    private static readonly string s_numbers = ForeignTable.Metadata(ForeignTable.Field("n", "integer"));

    [Theory]
    [InlineData("integer", "-5", "-5")]
    [InlineData("short", "7", "7")]
    [InlineData("byte", "-1", "-1")]
    [InlineData("long", "5000000000", "5000000000")]
    [InlineData("float", "1.5", "1.5")]
    [InlineData("double", "-1.0E-5", "-0.00001")]
    [InlineData("boolean", "true", "true")]
    [InlineData("boolean", "false", "false")]
    [InlineData("decimal(10,2)", "-1.50", "-1.5")]
    [InlineData("date", "2024-02-29", "\"2024-02-29\"")]
    [InlineData("timestamp", "2024-01-02 03:04:05", "\"2024-01-02 03:04:05+00\"")]
    [InlineData("timestamp", "2024-01-02 03:04:05.678901", "\"2024-01-02 03:04:05.678901+00\"")]
    [InlineData("timestamp", "2024-01-02T03:04:05.678901Z", "\"2024-01-02 03:04:05.678901+00\"")]
    [InlineData("timestamp_ntz", "2024-01-02 03:04:05.678", "\"2024-01-02 03:04:05.678\"")]
    [InlineData("string", "a b=%/é'", "\"a b=%/é'\"")]
    [InlineData("string", "NULL", "\"NULL\"")]
    public async Task A_partition_value_of_any_type_is_read_and_an_empty_one_and_none_are_null(string type, string value, string json)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        var features = type == "timestamp_ntz" ? new[] { "timestampNtz" } : [];
        foreign.Commit(0, ForeignTable.Protocol(features), ForeignTable.Metadata($"{ForeignTable.Field("n", "integer")},{ForeignTable.Field("p", type)}", ["p"]));
        foreign.Commit(
            1, await foreign.AddAsync("SELECT 1::INTEGER AS n", $"\"p\":{System.Text.Json.JsonSerializer.Serialize(value)}", folder: "p=a%20b"),
            await foreign.AddAsync("SELECT 2::INTEGER AS n", "\"p\":\"\""), await foreign.AddAsync("SELECT 3::INTEGER AS n", "\"p\":null"));
        (await foreign.RowsAsync()).ShouldBe([$$"""{"n":1,"p":{{json}}}""", """{"n":2,"p":null}""", """{"n":3,"p":null}"""]);
        var table = await foreign.OpenAsync();
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        (await table.FilesMatchingAsync(snapshot, "p IS NULL", TableBed.Cancel)).Count.ShouldBe(2);
        (await table.FilesMatchingAsync(snapshot, "p IS NOT NULL", TableBed.Cancel)).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("double", "NaN", "isnan(p)")]
    [InlineData("double", "Infinity", "p = 'inf'::DOUBLE")]
    [InlineData("float", "-Infinity", "p = '-inf'::FLOAT")]
    [InlineData("binary", "\\u0001\\u0002z", "p = from_hex('01027A')")]
    public async Task A_partition_value_without_a_form_in_JSON_is_read(string type, string value, string predicate)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol(), ForeignTable.Metadata($"{ForeignTable.Field("n", "integer")},{ForeignTable.Field("p", type)}", ["p"]));
        foreign.Commit(1, await foreign.AddAsync("SELECT 1::INTEGER AS n", $"\"p\":\"{value}\""));
        var table = await foreign.OpenAsync();
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        var files = await table.FilesMatchingAsync(snapshot, predicate, TableBed.Cancel);
        bed.Rows($"SELECT n FROM {await table.RelationAsync(snapshot, files, TableBed.Cancel)} WHERE {predicate}").ShouldBe(["""{"n":1}"""]);
    }

    [Theory]
    [InlineData("snappy")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("lz4_raw")]
    [InlineData("uncompressed")]
    public async Task Files_of_any_codec_are_read_by_the_tables_columns_whatever_columns_they_have(string codec)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol(), ForeignTable.Metadata($"{ForeignTable.Field("n", "integer")},{ForeignTable.Field("later", "string")}"));
        var change = """{"cdc":{"path":"_change_data/none.parquet","partitionValues":{},"size":1,"dataChange":false}}""";
        foreign.Commit(1, await foreign.AddAsync("SELECT 'insert' AS _change_type, 'x' AS gone, 1::INTEGER AS n", codec: codec), change, """{"fromTheFuture":{"a":[1]}}""");
        foreign.Commit(2, await foreign.AddAsync("SELECT 'l' AS later, 2::INTEGER AS n", codec: codec));
        (await foreign.RowsAsync()).ShouldBe(["""{"n":1,"later":null}""", """{"n":2,"later":"l"}"""]);
    }

    [Theory]
    [InlineData("variantType")]
    [InlineData("catalogManaged")]
    [InlineData("geospatial-preview")]
    public async Task An_unknown_reader_feature_is_refused_by_its_name(string feature)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol("deletionVectors", feature), s_numbers);
        var table = await foreign.OpenAsync();
        (await Should.ThrowAsync<TableUnsupportedException>(async () => await table.SnapshotAsync(TableBed.Cancel))).Message.ShouldContain($"the reader feature {feature}");
    }

    [Fact]
    public async Task An_unknown_writer_feature_lets_the_table_be_read_and_not_written()
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, """{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["appendOnly","icebergCompatV2"]}}""", s_numbers);
        foreign.Commit(1, await foreign.AddAsync("SELECT 1::INTEGER AS n"));
        (await foreign.RowsAsync()).ShouldBe(["""{"n":1}"""]);
        var table = await foreign.OpenAsync();
        (await Should.ThrowAsync<TableUnsupportedException>(() => bed.AppendAsync(table, "SELECT 2::INTEGER AS n"))).Message.ShouldContain("icebergCompatV2");
        await Should.ThrowAsync<TableUnsupportedException>(() => table.VacuumAsync(new VacuumOptions(), TableBed.Cancel));
    }

    [Theory]
    [InlineData("variant")]
    [InlineData("geometry(OGC:CRS84)")]
    [InlineData("interval")]
    public async Task A_column_of_an_unknown_type_is_named(string type)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol(), ForeignTable.Metadata($"{ForeignTable.Field("n", "integer")},{ForeignTable.Field("odd", type)}"));
        var table = await foreign.OpenAsync();
        (await Should.ThrowAsync<TableFormatException>(async () => await table.SnapshotAsync(TableBed.Cancel))).Message.ShouldContain("column 'odd'");
    }

    [Fact]
    public async Task A_column_of_nothing_but_nulls_is_read_and_keeps_the_table_from_being_written()
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol(), ForeignTable.Metadata($"{ForeignTable.Field("n", "integer")},{ForeignTable.Field("v", "void")}"));
        foreign.Commit(1, await foreign.AddAsync("SELECT 1::INTEGER AS n"));
        (await foreign.RowsAsync()).ShouldBe(["""{"n":1,"v":null}"""]);
        var table = await foreign.OpenAsync();
        (await Should.ThrowAsync<TableUnsupportedException>(() => bed.AppendAsync(table, "SELECT 1::INTEGER AS n, NULL::INTEGER AS v"))).Message.ShouldContain("void (of 'v')");
    }

    [Theory]
    [InlineData("i")]
    [InlineData("p")]
    [InlineData("u")]
    [InlineData("u with a prefix")]
    [InlineData("u, the second of a file")]
    public async Task A_deletion_vector_is_read_from_wherever_it_is_stored(string storage)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol("deletionVectors"), s_numbers);
        var vector = Vector(foreign, storage);
        foreign.Commit(1, await foreign.AddAsync("SELECT range::INTEGER AS n FROM range(31)", more: $"{ForeignTable.Stats("{\"numRecords\":31}")},\"deletionVector\":{vector}"));
        var hidden = new[] { 3, 4, 7, 11, 18, 29 };
        (await foreign.RowsAsync()).ShouldBe(Enumerable.Range(0, 31).Except(hidden).Select(n => $$"""{"n":{{n}}}""").Order(StringComparer.Ordinal), ignoreOrder: true);
        (await (await foreign.OpenAsync()).SnapshotAsync(TableBed.Cancel)).RowCount.ShouldBe(25);
    }

    [Fact]
    public async Task A_deletion_vector_that_is_missing_is_named()
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol("deletionVectors"), s_numbers);
        var vector = Vector(foreign, "u");
        foreach (var file in Directory.GetFiles(foreign.Root, "*.bin")) File.Delete(file);
        foreign.Commit(1, await foreign.AddAsync("SELECT range::INTEGER AS n FROM range(31)", more: $"{ForeignTable.Stats("{\"numRecords\":31}")},\"deletionVector\":{vector}"));
        (await Should.ThrowAsync<TableFormatException>(foreign.RowsAsync)).Message.ShouldMatch("deletion vector of part-0.parquet: deletion_vector_.* is missing");
    }

    [Theory]
    [InlineData("json")]
    [InlineData("parquet")]
    public async Task A_v2_checkpoint_may_hold_the_files_itself(string form)
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol("v2Checkpoint"), s_numbers);
        var add = await foreign.AddAsync("SELECT 1::INTEGER AS n", more: ForeignTable.Stats("""{"numRecords":1}"""));
        foreign.Commit(1, add);
        string[] lines = ["""{"checkpointMetadata":{"version":1}}""", ForeignTable.Protocol("v2Checkpoint"), s_numbers, add];
        const string Name = "00000000000000000001.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11";
        foreign.Write($"{Name}.json", lines);
        if (form == "parquet") await ToParquetAsync(bed, foreign, Name);
        foreign.DeleteCommit(0);
        foreign.DeleteCommit(1);
        (await foreign.RowsAsync()).ShouldBe(["""{"n":1}"""]);
        (await (await foreign.OpenAsync()).SnapshotAsync(TableBed.Cancel)).RowCount.ShouldBe(1);
    }

    [Fact]
    public async Task A_checkpoint_whose_statistics_are_columns_only_hides_no_row()
    {
        using var bed = new TableBed();
        var foreign = new ForeignTable(bed);
        foreign.Commit(0, ForeignTable.Protocol(), ForeignTable.Metadata($"{ForeignTable.Field("n", "integer")},{ForeignTable.Field("p", "string")}", ["p"]));
        var add = await foreign.AddAsync("SELECT 1::INTEGER AS n", "\"p\":\"x\"", ",\"stats_parsed\":{\"numRecords\":1,\"minValues\":{\"n\":1},\"maxValues\":{\"n\":1}},\"partitionValues_parsed\":{\"p\":\"x\"}");
        foreign.Commit(1, add);
        const string Name = "00000000000000000001.checkpoint";
        foreign.Write($"{Name}.json", File.ReadAllLines(Path.Combine(foreign.Root, "_delta_log", LogFile.CommitName(0))).Append(add).ToArray());
        await ToParquetAsync(bed, foreign, Name);
        foreign.DeleteCommit(0);
        foreign.DeleteCommit(1);
        var table = await foreign.OpenAsync();
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        snapshot.RowCount.ShouldBeNull();
        (await table.FilesMatchingAsync(snapshot, "n = 1 AND p = 'x'", TableBed.Cancel)).Count.ShouldBe(1);
        (await table.FilesMatchingAsync(snapshot, "p = 'y'", TableBed.Cancel)).Count.ShouldBe(0);
        (await bed.RowsAsync(table)).ShouldBe(["""{"n":1,"p":"x"}"""]);
        (await table.DeleteAsync(bed.Connection, "n = 1", TableBed.Cancel)).Done.ShouldBeTrue();
    }

    private static async Task ToParquetAsync(TableBed bed, ForeignTable foreign, string name)
    {
        var path = Path.Combine(foreign.Root, "_delta_log", name);
        const string Maps = "{\"add\": 'STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, stats VARCHAR, "
            + "stats_parsed STRUCT(numRecords BIGINT, minValues STRUCT(n INTEGER), maxValues STRUCT(n INTEGER)), partitionValues_parsed STRUCT(p VARCHAR))', "
            + "\"metaData\": 'STRUCT(id VARCHAR, format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR))', "
            + "\"protocol\": 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])', \"checkpointMetadata\": 'STRUCT(version BIGINT)'}";
        await bed.Connection.ExecuteAsync(
            $"COPY (SELECT * FROM read_json({SqlName.Literal(path + ".json")}, format = 'newline_delimited', columns = {Maps})) TO {SqlName.Literal(path + ".parquet")} (FORMAT parquet)",
            TableBed.Cancel);
        File.Delete(path + ".json");
    }

    /// <summary>The protocol's example of six rows, stored in one of the ways.</summary>
    private static string Vector(ForeignTable foreign, string storage)
    {
        const string Inline = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";
        if (storage == "i") return $$"""{"storageType":"i","pathOrInlineDv":"{{Inline}}","sizeInBytes":44,"cardinality":6}""";
        Directory.CreateDirectory(foreign.Root);
        long[][] vectors = storage.Contains("second", StringComparison.Ordinal) ? [[0, 1], [3, 4, 7, 11, 18, 29]] : [[3, 4, 7, 11, 18, 29]];
        var (content, descriptors) = DeletionVectorFormat.WriteFile(Guid.Parse("d2c639aa-8816-431a-aaf6-d3fe2512ff61"), vectors);
        var vector = descriptors[^1];
        var prefix = storage.Contains("prefix", StringComparison.Ordinal) ? "ab" : "";
        var path = Path.Combine(foreign.Root, prefix, "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(vector.Offset!.Value)).ShouldBe(vector.SizeInBytes);
        var name = storage == "p" ? path : prefix + vector.PathOrInlineDv;
        return $$"""{"storageType":"{{storage[..1]}}","pathOrInlineDv":{{System.Text.Json.JsonSerializer.Serialize(name)}},"offset":{{vector.Offset}},"sizeInBytes":{{vector.SizeInBytes}},"cardinality":6}""";
    }
}
