using System.Text;
using System.Text.Json;
using CsCheck;
using Sluice.Source;
using Sluice.Testing;

namespace Sluice.Unit.Source;

public sealed class CsvSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SourceUri Folder => new SourceUri.Csv(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Values_are_typed_by_their_field_and_empty_ones_are_null_except_for_text()
    {
        Write("id,word,ratio,flag\n1,,,\r\n2,\"a,\"\"b\"\"\nc\",1e3,true\n3,x,15,0\n4,…\u00A0,-88.8298,FALSE\n");
        await using var source = await SourceBed.OpenAsync(Folder, Things());
        (await source.TextsAsync("things")).ShouldBe(
        [
            """{"id":1,"word":"","ratio":null,"flag":null}""",
            """{"id":2,"word":"a,\"b\"\nc","ratio":1000.0,"flag":true}""",
            """{"id":3,"word":"x","ratio":15.0,"flag":false}""",
            """{"id":4,"word":"…ST","ratio":-88.8298,"flag":false}""".Replace("ST", "\u00A0", StringComparison.Ordinal),
        ]);
    }

    [Fact]
    public async Task What_is_not_of_its_type_is_posted_as_the_text_it_is()
    {
        Write("id,word,ratio,flag\nfirst,1,NaN,maybe\n9223372036854775808,2,1_0,2\n");
        await using var source = await SourceBed.OpenAsync(Folder, Things());
        (await source.TextsAsync("things")).ShouldBe(
        [
            """{"id":"first","word":"1","ratio":"NaN","flag":"maybe"}""",
            """{"id":"9223372036854775808","word":"2","ratio":"1_0","flag":"2"}""",
        ]);
    }

    [Fact]
    public async Task Rows_come_in_key_order_whatever_the_order_of_the_file_and_of_its_columns()
    {
        Write("\uFEFFword,id,flag,ratio\nc,30,1,1\na,-1,1,1\n\nb,2,1,1\n");
        await using var source = await SourceBed.OpenAsync(Folder, Things());
        (await source.CountAsync("things", default)).ShouldBe(3);
        (await source.TextsAsync("things")).Select(r => r[..20]).ShouldBe(
            ["{\"id\":-1,\"word\":\"a\",", "{\"id\":2,\"word\":\"b\",\"", "{\"id\":30,\"word\":\"c\","]);
        (await source.TextsAsync("things", 1, 1)).ShouldHaveSingleItem().ShouldContain("\"b\"");
    }

    [Fact]
    public async Task Timestamps_are_spelled_with_a_T_when_asked()
    {
        Write("id,word\n1,2020-08-28 03:52:47\n2,2020-08-28 03:52:47 later\n3,2020-08-28 03:52:47.25\n");
        var things = SourceBed.Things(_folder.Path, "id", "id:bigint", "word:varchar");
        await using var source = await SourceBed.OpenAsync(Folder, things, TimestampSpelling.T);
        (await source.TextsAsync("things")).ShouldBe(
        [
            """{"id":1,"word":"2020-08-28T03:52:47"}""",
            """{"id":2,"word":"2020-08-28 03:52:47 later"}""",
            """{"id":3,"word":"2020-08-28T03:52:47.25"}""",
        ]);
    }

    [Fact]
    public async Task A_field_that_may_be_absent_is_left_out()
    {
        Write("id\n1\n");
        await using var source = await SourceBed.OpenAsync(Folder, SourceBed.Things(_folder.Path, "id", "id:bigint", "word:varchar?"));
        (await source.TextsAsync("things")).ShouldBe(["""{"id":1}"""]);
    }

    [Fact]
    public async Task Every_fault_of_a_file_is_reported_with_its_line()
    {
        Write("id,word,wrod\n1,a,b\n2,c\n3,\"d\"e,f\n4,g,h,i\n");
        var faults = await SourceBed.FaultsAsync(Folder, Things());
        faults.ShouldContain(f => f.Contains("'ratio' is missing", StringComparison.Ordinal));
        faults.ShouldContain(f => f.Contains("'flag' is missing", StringComparison.Ordinal));
        faults.ShouldContain(f => f.Contains("'wrod' is not a field", StringComparison.Ordinal));
        faults.ShouldContain(f => f.Contains("line 3: the number of fields", StringComparison.Ordinal));
        faults.ShouldContain(f => f.Contains("line 4: a quote", StringComparison.Ordinal));
        faults.ShouldContain(f => f.Contains("line 5: the number of fields", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_that_cannot_be_read_are_explained()
    {
        (await SourceBed.FaultsAsync(Folder, Things())).ShouldHaveSingleItem().ShouldContain("does not exist");
        Write("");
        (await SourceBed.FaultsAsync(Folder, Things())).ShouldContain(f => f.Contains("is empty", StringComparison.Ordinal));
        Write("id,word,ratio,flag\n1,\"never closed,1,1\n2,b,1,1\n");
        (await SourceBed.FaultsAsync(Folder, Things())).ShouldContain(f => f.Contains("not closed", StringComparison.Ordinal));
        await File.WriteAllBytesAsync(_folder.At("things.csv"), [.. "id,word,ratio,flag\n1,"u8, 0xE9, .. ",1,1\n"u8]);
        (await SourceBed.FaultsAsync(Folder, Things())).ShouldHaveSingleItem().ShouldContain("line 2: is not UTF-8");
        await File.WriteAllTextAsync(_folder.At("things.csv"), "id,word,ratio,flag\n1,a,1,1\n", Encoding.Unicode);
        (await SourceBed.FaultsAsync(Folder, Things())).ShouldContain(f => f.Contains("UTF-16", StringComparison.Ordinal));
        Write("id,word,ratio,flag\n" + string.Concat(Enumerable.Repeat("1\n", 50)));
        (await SourceBed.FaultsAsync(Folder, Things()))[^1].ShouldContain("and 30 more");
    }

    [Fact]
    public void Any_text_survives_the_way_through_csv()
    {
        var texts = Gen.OneOf(Gen.String, Gen.String["ab\",\n\r …é"]).Select(t => new string([.. t.Where(c => !char.IsSurrogate(c))]));
        texts.List[1, 40].Sample(words =>
        {
            Write("id,word\n" + string.Concat(words.Select((w, n) => $"{n},\"{w.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n")));
            var things = SourceBed.Things(_folder.Path, "id", "id:bigint", "word:varchar");
            var read = ReadWordsAsync(things).GetAwaiter().GetResult();
            return read.SequenceEqual(words);
        }, iter: 200, threads: 1);
    }

    private async Task<List<string>> ReadWordsAsync(Sluice.Definition.PipelineDefinition things)
    {
        await using var source = await SourceBed.OpenAsync(Folder, things);
        return [.. (await source.RowsAsync("things")).Select(r => r.Text("word"))];
    }

    private Sluice.Definition.PipelineDefinition Things() =>
        SourceBed.Things(_folder.Path, "id", "id:bigint", "word:varchar", "ratio:double", "flag:boolean");

    private void Write(string csv) => File.WriteAllText(_folder.At("things.csv"), csv);
}
