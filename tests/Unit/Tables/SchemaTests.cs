using Shouldly;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class SchemaTests
{
    [Theory]
    [InlineData("INTEGER", "INTEGER")]
    [InlineData("int", "INTEGER")]
    [InlineData("TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE")]
    [InlineData("timestamptz", "TIMESTAMP WITH TIME ZONE")]
    [InlineData("TIMESTAMP", "TIMESTAMP")]
    [InlineData("DECIMAL(10,2)", "DECIMAL(10,2)")]
    [InlineData("DECIMAL", "DECIMAL(18,3)")]
    [InlineData("DOUBLE PRECISION", "DOUBLE")]
    [InlineData("VARCHAR(10)", "VARCHAR")]
    [InlineData("DOUBLE[][]", "DOUBLE[][]")]
    [InlineData("MAP(VARCHAR, STRUCT(a INTEGER, \"b \"\"c\" DECIMAL(5,1)[]))", "MAP(VARCHAR, STRUCT(\"a\" INTEGER, \"b \"\"c\" DECIMAL(5,1)[]))")]
    public void A_DuckDB_type_goes_to_Delta_and_back(string name, string normal)
    {
        var type = DuckDbType.Parse(name, out var fault);
        fault.ShouldBe("");
        DuckDbType.Of(type!).ShouldBe(normal);
        var schema = new StructType([new StructField("c", type!, Nullable: true)]);
        SchemaJson.Write(SchemaJson.Parse(SchemaJson.Write(schema))).ShouldBe(SchemaJson.Write(schema));
    }

    [Theory]
    [InlineData("HUGEINT", "CAST it AS BIGINT or DECIMAL(38,0)")]
    [InlineData("UUID", "CAST it AS VARCHAR")]
    [InlineData("ENUM('a', 'b')", "CAST it AS VARCHAR")]
    [InlineData("STRUCT(a UBIGINT)", "CAST it AS DECIMAL(20,0) or BIGINT")]
    [InlineData("INTEGER[", "lacks a ']'")]
    [InlineData("DECIMAL(50,2)", "DECIMAL(1..38")]
    [InlineData("INTEGER x", "is no DuckDB type")]
    public void A_type_without_a_Delta_form_is_refused_with_the_remedy(string name, string remedy)
    {
        DuckDbType.Parse(name, out var fault).ShouldBeNull();
        fault.ShouldContain(remedy);
    }

    [Fact]
    public void All_faults_of_a_schema_are_named_at_once()
    {
        var error = Should.Throw<TableSchemaException>(() => TableSchemas.ToDelta(
            new TableName("t", "a"), TableBed.Schema(("at", "TIMESTAMP"), ("AT", "INTEGER"), ("a b", "VARCHAR"), ("big", "HUGEINT"), ("s", "STRUCT(t TIMESTAMP)"))));
        foreach (var part in (string[])["'at' is TIMESTAMP", "TIMESTAMPTZ", "two columns are named 'AT'", "'a b' holds", "'big': HUGEINT", "'s.t' is TIMESTAMP"])
        {
            error.Message.ShouldContain(part);
        }
    }

    [Fact]
    public async Task A_table_that_exists_with_another_schema_is_named_with_the_difference()
    {
        await using var bed = new TableBed();
        await bed.CreateAsync("a", ("id", "BIGINT"), ("name", "VARCHAR"));
        (await bed.CreateAsync("a", ("id", "INT8"), ("name", "TEXT"))).Name.ShouldBe(new TableName("t", "a"));
        var other = await Should.ThrowAsync<TableSchemaException>(async () => await bed.CreateAsync("a", ("id", "INTEGER"), ("name", "VARCHAR")));
        other.Message.ShouldContain("'id' is BIGINT, wanted is INTEGER");
    }

    [Fact]
    public async Task A_select_that_does_not_match_is_refused_before_a_row_is_written()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("id", "BIGINT"), ("name", "VARCHAR"));
        (await Fails("SELECT 1 AS id")).ShouldContain("columns (id), but the table has (id, name)");
        (await Fails("SELECT 'x' AS name, 1 AS id")).ShouldContain("in this order");
        (await Fails("SELECT 'x' AS id, 'y' AS name")).ShouldContain("'id' as VARCHAR, but the table has BIGINT");
        (await bed.AppendAsync(table, "SELECT 1::TINYINT AS id, 'widened' AS name -- a comment")).Version.ShouldBe(1);
        (await bed.RowsAsync(table)).ShouldBe(["""{"id":1,"name":"widened"}"""]);

        async Task<string> Fails(string select) =>
            (await Should.ThrowAsync<TableSchemaException>(() => table.WriteFilesAsync(bed.Connection, select, TableBed.Cancel))).Message;
    }

    [Fact]
    public async Task A_null_in_a_column_that_is_not_nullable_is_refused()
    {
        await using var bed = new TableBed();
        var schema = new TableSchema([new TableColumn("id", "BIGINT", Nullable: false)]);
        var table = await bed.Catalog.OpenOrCreateAsync(new TableName("t", "a"), schema, TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT 1::BIGINT AS id");
        var error = await Should.ThrowAsync<TableSchemaException>(() => table.WriteFilesAsync(bed.Connection, "SELECT NULL::BIGINT AS id", TableBed.Cancel));
        error.Message.ShouldContain("'id' is not nullable");
        (await table.SnapshotAsync(TableBed.Cancel)).Schema.Columns[0].Nullable.ShouldBeFalse();
    }
}
