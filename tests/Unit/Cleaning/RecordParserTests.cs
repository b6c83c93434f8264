using System.Text;
using Sluice.Cleaning.Raw;
using Sluice.Definition;

namespace Sluice.Unit.Cleaning;

public sealed class RecordParserTests
{
    private static readonly RawField[] s_fields =
    [
        new("id", "bigint", true), new("name", "varchar", true), new("score", "double", false), new("active", "boolean", false),
    ];

    public static TheoryData<string, string> Faults => new()
    {
        { "", "not JSON" },
        { "   ", "not JSON" },
        { "{", "not JSON" },
        { """{"id":1,"name":"a"} x""", "not JSON" },
        { """{"id":1,"name":"a"}{"id":2,"name":"b"}""", "not JSON" },
        { """{"id":"no","name":"a"} x""", "not JSON" },
        { """{"id":1,"name":"a",}""", "not JSON" },
        { """{'id':1,"name":"a"}""", "not JSON" },
        { """{"id":01,"name":"a"}""", "not JSON" },
        { """{"id":NaN,"name":"a"}""", "not JSON" },
        { "{\"id\":1,\"name\":\"tab\tinside\"}", "not JSON" },
        { "{\"id\":1,\"name\":\"nul\0inside\"}", "not JSON" },
        { "\uFEFF{\"id\":1,\"name\":\"a\"}", "not JSON" },
        { """!escaped \xFF""", "not JSON" },
        { "null", "not a JSON object" },
        { "[1,2]", "not a JSON object" },
        { "[1,2", "not JSON" },
        { "12", "not a JSON object" },
        { "\"text\"", "not a JSON object" },
        { "{}", "field id: missing|field name: missing" },
        { """{"name":"a"}""", "field id: missing" },
        { """{"ID":1,"name":"a"}""", "field id: missing" },
        { """{"id":"12","name":"a"}""", "field id: string for bigint" },
        { """{"id":1.5,"name":"a"}""", "field id: not a whole number" },
        { """{"id":1.0,"name":"a"}""", "field id: not a whole number" },
        { """{"id":1e3,"name":"a"}""", "field id: not a whole number" },
        { """{"id":9223372036854775808,"name":"a"}""", "field id: value out of range" },
        { """{"id":-9223372036854775809,"name":"a"}""", "field id: value out of range" },
        { """{"id":true,"name":"a"}""", "field id: boolean for bigint" },
        { """{"id":[1],"name":"a"}""", "field id: array for bigint" },
        { """{"id":1,"name":{"x":[1,{}]}}""", "field name: object for varchar" },
        { """{"id":1,"name":["a"]}""", "field name: array for varchar" },
        { """{"id":1,"name":"a","score":"1.5"}""", "field score: string for double" },
        { """{"id":1,"name":"a","score":1e999}""", "field score: value out of range" },
        { """{"id":1,"name":"a","active":1}""", "field active: number for boolean" },
        { """{"id":1,"name":"a","active":"true"}""", "field active: string for boolean" },
        { """{"id":1,"id":1,"name":"a"}""", "field id: given twice" },
        { """{"id":1,"name":"\ud800"}""", "field name: a \\u escape is no Unicode character" },
        { """{"id":"x","score":[]}""", "field id: string for bigint|field score: array for double|field name: missing" },
    };

    public static TheoryData<string, string> Records => new()
    {
        { """{"id":1,"name":"a"}""", "1|a|-|-" },
        { """ { "name" : "a" , "id" : -0 } """ + "\r", "0|a|-|-" },
        { """{"id":9223372036854775807,"name":"","score":-1.5e-3,"active":true}""", "9223372036854775807||-0.0015|1" },
        { """{"id":null,"name":null,"score":null,"active":null}""", "null|null|null|null" },
        { """{"id":1,"name":12.50}""", "1|12.50|-|-" },
        { """{"id":1,"name":false}""", "1|false|-|-" },
        { """{"id":1,"extra":{"id":2,"deep":[[[]]]},"name":"a","extra":3}""", "1|a|-|-" },
        { """{"id":1,"n\u0061me":"\u00e9\t\"\\\/\ud83d\ude00"}""", "1|é\t\"\\/😀|-|-" },
        { """{"id":1,"name":"a\u0000b"}""", "1|a\0b|-|-" },
        { "{\"id\":1,\"name\":\"line\u2028separator and \u007f\"}", "1|line\u2028separator and \u007f|-|-" },
        { """{"id":1,"name":"x","score":3}""", "1|x|3|-" },
        { """{"\ud800":1,"\udc00name":2,"id":1,"name":"x"}""", "1|x|-|-" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_record_at_fault_says_all_its_reasons(string record, string reasons)
    {
        var parser = new RecordParser(s_fields);
        parser.TryParse(Encoding.UTF8.GetBytes(record)).ShouldBeFalse();
        string.Join('|', parser.Faults).ShouldBe(reasons);
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_gives_its_declared_fields(string record, string values)
    {
        var parser = new RecordParser(s_fields);
        // A parser that has seen another record must not remember it.
        parser.TryParse("""{"id":7,"name":"before\n","score":1,"active":false}"""u8).ShouldBeTrue();
        Parse(parser, Encoding.UTF8.GetBytes(record)).ShouldBe(values);
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_refused_wherever_they_stand()
    {
        var parser = new RecordParser(s_fields);
        parser.TryParse([.. "{\"id\":1,\"name\":\""u8, 0xC3, 0x28, .. "\"}"u8]).ShouldBeFalse();
        parser.Faults.ShouldBe(["not UTF-8"]);
        parser.TryParse([.. "{\"id\":1,\"name\":\"a\",\"unknown\":\""u8, 0xFF, .. "\"}"u8]).ShouldBeFalse();
        parser.Faults.ShouldBe(["not UTF-8"]);
    }

    [Fact]
    public void Nesting_is_followed_without_recursion_up_to_the_limit()
    {
        var parser = new RecordParser(s_fields);
        string Nested(int depth) => $$"""{"id":1,"name":"a","deep":{{new string('[', depth)}}{{new string(']', depth)}}}""";
        parser.TryParse(Encoding.UTF8.GetBytes(Nested(900))).ShouldBeTrue();
        parser.TryParse(Encoding.UTF8.GetBytes(Nested(100_000))).ShouldBeFalse();
    }

    [Fact]
    public void Text_that_is_no_text_is_shown_escaped_and_nothing_else_is()
    {
        RawText.Of("héllo \\ \t"u8).ShouldBe("héllo \\ \t");
        RawText.Of([.. "a\\"u8, 0, 0xE2, 0x82, .. "€"u8, 0xFF]).ShouldBe(@"!escaped a\\\x00\xE2\x82€\xFF");
    }

    private static string Parse(RecordParser parser, byte[] record)
    {
        parser.TryParse(record).ShouldBeTrue(string.Join('|', parser.Faults));
        var texts = new List<string>();
        for (var i = 0; i < s_fields.Length; i++)
        {
            var value = parser.Values[i];
            texts.Add(value.Kind switch
            {
                RawValueKind.Absent => "-",
                RawValueKind.Null => "null",
                RawValueKind.Text => Encoding.UTF8.GetString(parser.TextOf(value, record)),
                _ when s_fields[i].Type == "double" => BitConverter.Int64BitsToDouble(value.Bits).ToString(System.Globalization.CultureInfo.InvariantCulture),
                _ => value.Bits.ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
        }

        return string.Join('|', texts);
    }
}
