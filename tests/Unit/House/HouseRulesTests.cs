using Sluice.Tidy;

namespace Sluice.Unit.House;

/// <summary>Each rule finds the fault planted for it, at its line, and leaves the neighbour that keeps the rule alone.</summary>
public sealed class HouseRulesTests
{
    [Fact]
    public void A_tree_that_keeps_the_rules_has_no_fault()
    {
        using var tree = new PlantedTree(
            ("README.md", "Reads `src/2-log/Sluice.Log/Segment.cs` with `RecordReader`, see [style](STYLE.md).\n"),
            ("STYLE.md", "# Style\n"),
            ("src/2-log/Sluice.Log/Sluice.Log.csproj", Project("../../base/Sluice.Bytes/Sluice.Bytes.csproj")),
            ("src/base/Sluice.Bytes/Sluice.Bytes.csproj", Project()),
            ("src/2-log/Sluice.Log/Segment.cs", "namespace Sluice.Log;\ninternal sealed class RecordReader { }\n"));
        tree.Faults().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("src/3-sink/Sluice.Sink", "../../1-ingest/Sluice.Gateway/Sluice.Gateway.csproj", "stages meet only at a store")]
    [InlineData("src/2-log/Sluice.Log", "../../3-sink/Sluice.Sink/Sluice.Sink.csproj", "stages meet only at a store")]
    [InlineData("src/2-log/Sluice.Log", "../../4-objects/Sluice.Objects/Sluice.Objects.csproj", "rest references only earlier rest")]
    [InlineData("src/base/Sluice.Sql", "../../2-log/Sluice.Log/Sluice.Log.csproj", "base knows no layer")]
    [InlineData("src/9-console/Sluice.Dashboard", "../Sluice/Sluice.csproj", "nothing references the host")]
    [InlineData("src/9-console/Sluice.Dashboard", "../../7-analyse/Sluice.Analysis/Sluice.Analysis.csproj", "stages meet only at a store")]
    [InlineData("src/3-sink/Sluice.Sink", "../../../tests/Testing/Sluice.Testing.csproj", "reference projects of src/ only")]
    public void A_reference_against_the_layers_is_a_fault(string project, string reference, string remedy)
    {
        var path = $"{project}/{Path.GetFileName(project)}.csproj";
        using var tree = new PlantedTree((path, Project(reference)));
        var fault = tree.Faults().ShouldHaveSingleItem();
        fault.Path.ShouldBe(path);
        fault.Line.ShouldBe(3);
        fault.Remedy.ShouldContain(remedy);
    }

    [Theory]
    [InlineData("src/5-clean/Sluice.Cleaning", "../../2-log/Sluice.Log/Sluice.Log.csproj")]
    [InlineData("src/6-tables/Sluice.Tables", "../../4-objects/Sluice.Objects/Sluice.Objects.csproj")]
    [InlineData("src/2-log/Sluice.Log.Kafka", "../Sluice.Log/Sluice.Log.csproj")]
    [InlineData("src/base/Sluice.Sql", "../Sluice.Bytes/Sluice.Bytes.csproj")]
    [InlineData("src/9-console/Sluice", "../../3-sink/Sluice.Sink/Sluice.Sink.csproj")]
    public void A_reference_along_the_layers_is_none(string project, string reference)
    {
        using var tree = new PlantedTree(($"{project}/{Path.GetFileName(project)}.csproj", Project(reference)));
        tree.Faults().ShouldBeEmpty();
    }

    [Fact]
    public void A_project_outside_the_numbered_folders_is_a_fault()
    {
        using var tree = new PlantedTree(("src/Sluice.Extra/Sluice.Extra.csproj", Project()));
        tree.Faults().ShouldHaveSingleItem().What.ShouldContain("outside the numbered folders");
    }

    [Fact]
    public void A_file_may_have_500_lines_and_a_test_800()
    {
        using var tree = new PlantedTree(
            ("src/2-log/Sluice.Log/Long.cs", Lines(501)),
            ("src/2-log/Sluice.Log/Fits.cs", Lines(500)),
            ("tests/Unit/Log/Long.cs", Lines(801)),
            ("tests/Unit/Log/Fits.cs", Lines(800)));
        tree.Faults().Select(fault => fault.ToString()).ShouldBe(
        [
            "src/2-log/Sluice.Log/Long.cs:1: file of 501 lines, limit 500; split it by noun, one type per file",
            "tests/Unit/Log/Long.cs:1: file of 801 lines, limit 800; split it by noun, one type per file",
        ]);
    }

    [Theory]
    [InlineData("void M()", "M has 71 lines")]
    [InlineData("internal C()", "C constructor has 71 lines")]
    [InlineData("static int P { get", "get accessor has 71 lines", "} ")]
    [InlineData("void Outer() { void Inner()", "local function Inner has 71 lines", "} ")]
    public void A_method_may_have_70_lines(string head, string expected, string tail = "")
    {
        using var tree = new PlantedTree(
            ("src/2-log/Sluice.Log/Long.cs", $"class C\n{{\n{head}\n{{\n{Lines(68)}}}\n{tail}}}\n"),
            ("src/2-log/Sluice.Log/Fits.cs", $"class D\n{{\nvoid M()\n{{\n{Lines(67)}}}\n}}\n"));
        var faults = tree.Faults();
        faults.ShouldContain(fault => fault.What.StartsWith(expected, StringComparison.Ordinal) && fault.Line == 3);
        faults.ShouldAllBe(fault => fault.Path.EndsWith("Long.cs", StringComparison.Ordinal));
    }

    [Fact]
    public void Attributes_above_a_method_are_not_part_of_its_length()
    {
        var rows = string.Concat(Enumerable.Repeat("[InlineData(1)]\n", 80));
        using var tree = new PlantedTree(("tests/Unit/Log/Rows.cs", $"class C\n{{\n{rows}public void M(int row) {{ }}\n}}\n"));
        tree.Faults().ShouldBeEmpty();
    }

    [Fact]
    public void A_program_may_have_70_lines_at_its_top_level()
    {
        using var tree = new PlantedTree(("eng/long.cs", string.Concat(Enumerable.Repeat("System.Console.WriteLine();\n", 71))));
        tree.Faults().ShouldHaveSingleItem().What.ShouldContain("top-level statements of 71 lines");
    }

    [Fact]
    public void A_line_may_have_180_columns_unless_it_holds_a_link()
    {
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/Wide.cs",
            $"// {new string('x', 178)}\n// {new string('x', 177)}\n// https://{new string('x', 178)}\n"));
        tree.Faults().ShouldHaveSingleItem().ToString().ShouldContain("Wide.cs:1: line of 181 columns");
    }

    [Fact]
    public void Eight_parameters_are_a_fault_except_in_a_record()
    {
        const string Eight = "(int a, int b, int c, int d, int e, int f, int g, int h)";
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/Wide.cs", $"record R{Eight};\nclass C\n{{\nvoid M{Eight} {{ }}\n}}\n"));
        tree.Faults().ShouldHaveSingleItem().ToString().ShouldContain("Wide.cs:4: 8 parameters, limit 7");
    }

    [Theory]
    [InlineData("class LogManager { }")]
    [InlineData("interface IRowHelper { } class A : IRowHelper { } class B : IRowHelper { }")]
    [InlineData("enum StringUtils { }")]
    [InlineData("struct BatchProcessor { }")]
    [InlineData("record Common;")]
    [InlineData("class SinkMisc { }")]
    public void A_type_name_that_says_nothing_is_a_fault(string code)
    {
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/A.cs", code));
        tree.Faults().ShouldHaveSingleItem().Remedy.ShouldContain("name what it does");
    }

    [Theory]
    [InlineData("class CommonPrefixes { }")]
    [InlineData("class Utilization { }")]
    [InlineData("class Processed { }")]
    public void A_name_that_only_begins_like_a_bad_one_is_none(string code)
    {
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/A.cs", code));
        tree.Faults().ShouldBeEmpty();
    }

    [Fact]
    public void A_file_or_folder_name_that_says_nothing_is_a_fault()
    {
        using var tree = new PlantedTree(
            ("src/2-log/Sluice.Log/LogUtils.cs", "class A { }"),
            ("src/2-log/Sluice.Log/Models/B.cs", "class B { }"),
            ("src/2-log/Sluice.Log/Models/C.cs", "class C { }"),
            ("src/base/Sluice.Core/D.cs", "class D { }"));
        tree.Faults().Select(fault => fault.Path).ShouldBe(
            ["src/2-log/Sluice.Log/LogUtils.cs", "src/2-log/Sluice.Log/Models", "src/base/Sluice.Core"]);
    }

    [Theory]
    [InlineData("// TODO: later", "'TODO' in a comment")]
    [InlineData("/* FIXME */", "'FIXME' in a comment")]
    [InlineData("/// <summary>HACK.</summary>", "'HACK' in a comment")]
    [InlineData("// Returns null for now.", "'for now' in a comment")]
    [InlineData("// Previously was a list.", "'Previously was' in a comment")]
    [InlineData("// It no longer uses the cache.", "'no longer uses' in a comment")]
    [InlineData("// As requested, in one file.", "'As requested' in a comment")]
    [InlineData("// This now uses a span.", "'now uses' in a comment")]
    [InlineData("#region Fields\n#endregion", "#region")]
    public void A_note_to_self_and_history_in_a_comment_are_faults(string comment, string what)
    {
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/A.cs", $"namespace Sluice.Log;\n\n{comment}\nclass A {{ }}\n"));
        var fault = tree.Faults().ShouldHaveSingleItem();
        fault.What.ShouldStartWith(what);
        fault.Line.ShouldBe(3);
    }

    [Fact]
    public void The_same_words_about_data_or_in_a_string_are_none()
    {
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/A.cs",
            "// The file no longer exists once the previous segment is deleted.\nclass A { string s = \"TODO for now\"; }\n"));
        tree.Faults().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("catch { }", "an empty catch of every exception")]
    [InlineData("catch (Exception) { /* why */ }", "an empty catch of every exception")]
    [InlineData("catch (IOException) { }", "an empty catch without a reason")]
    [InlineData("catch (Exception e) { _logger.LogError(e, \"x\"); }", "logs and goes on")]
    public void A_catch_that_swallows_is_a_fault(string clause, string what)
    {
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/A.cs", $"class A {{ void M() {{ try {{ }}\n{clause} }} }}"));
        var fault = tree.Faults().ShouldHaveSingleItem();
        fault.What.ShouldContain(what);
        fault.Line.ShouldBe(2);
    }

    [Theory]
    [InlineData("catch (OperationCanceledException) { /* The stop was asked for. */ }")]
    [InlineData("catch (Exception e) { throw new InvalidDataException(\"x\", e); }")]
    [InlineData("catch (IOException e) { _logger.LogError(e, \"x\"); }")]
    public void A_catch_that_translates_or_says_why_is_none(string clause)
    {
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/A.cs", $"class A {{ void M() {{ try {{ }}\n{clause} }} }}"));
        tree.Faults().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Thread.Sleep(10)", true)]
    [InlineData("await Task.Delay(10)", true)]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), stop)", true)]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, stop)", true)]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), time, stop)", false)]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), _clock)", false)]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), rig.Time, stop)", false)]
    [InlineData("await Task.Delay(Timeout.InfiniteTimeSpan, stop)", false)]
    public void A_test_that_sleeps_is_a_fault_unless_its_clock_is_fake(string call, bool isFault)
    {
        using var tree = new PlantedTree(("tests/Unit/Log/A.cs", $"class A\n{{\n    async Task M() {{ {call}; }}\n}}"));
        tree.Faults().Select(fault => fault.Line).ShouldBe(isFault ? [3] : []);
    }

    [Fact]
    public void An_interface_with_one_implementer_is_a_fault_unless_it_is_a_contract()
    {
        using var tree = new PlantedTree(("src/2-log/Sluice.Log/A.cs",
            "interface ICache { }\nclass Cache : ICache { }\ninterface ILog { }\nclass Embedded : ILog { }\n"
            + "interface IShape<T> { }\nclass Square : IShape<int> { }\nclass Circle : IShape<long> { }\n"));
        var fault = tree.Faults().ShouldHaveSingleItem();
        fault.What.ShouldBe("interface ICache has 1 implementers in src");
        fault.Line.ShouldBe(1);
    }

    [Theory]
    [InlineData("src/3-sink/Sluice.Sink/A.cs", "\"SELECT a FROM b WHERE c\"", true)]
    [InlineData("src/9-console/Sluice/A.cs", "$\"select {1} FROM b\\nGROUP BY c\"", true)]
    [InlineData("src/9-console/Sluice/A.cs", "\"WITH a AS (SELECT 1) SELECT * FROM a JOIN b USING (c)\"", true)]
    [InlineData("src/9-console/Sluice/A.cs", "$\"SELECT count(*) FROM {1} LIMIT 5\"", false)]
    [InlineData("src/9-console/Sluice/A.cs", "\"Selected rows\"", false)]
    [InlineData("src/6-tables/Sluice.Tables/A.cs", "\"SELECT a FROM b WHERE c\"", false)]
    public void Sql_in_a_string_is_a_fault_where_no_store_is_kept(string path, string literal, bool isFault)
    {
        using var tree = new PlantedTree((path, $"class A {{ string s = {literal}; }}"));
        tree.Faults().Select(fault => fault.What).ShouldBe(isFault ? ["SQL in a C# string"] : []);
    }

    [Fact]
    public void A_stranger_in_the_root_folder_is_a_fault()
    {
        using var tree = new PlantedTree(("PLAN.md", "x"), ("notes/a.txt", "x"), ("STYLE.md", "x"), ("data/x.db", "x"));
        tree.Faults().Select(fault => fault.Path).ShouldBe(["PLAN.md", "notes"]);
    }

    [Fact]
    public void A_document_that_names_what_is_not_there_is_at_fault()
    {
        using var tree = new PlantedTree(
            ("src/2-log/Sluice.Log/Segment.cs", "class SegmentWriter { void Roll() { } }"),
            ("src/2-log/Sluice.Log/Sluice.Log.csproj", Project()),
            ("ARCHITECTURE.md", """
                A `SegmentWriter` of `Sluice.Log` writes src/2-log/Sluice.Log/Segment.cs, like `SegmentWriter.Roll()`.
                A `SegmentReader` reads it.
                See src/2-log/Sluice.Log/Gone.cs and docs/<kind>/*.md.
                See [formats](docs/formats/log.md) and [Kafka](https://kafka.apache.org/docs/x.md).
                ```
                src/gone/Sluice.Gone
                ```
                `Sluice.Gone` is a project, `cat FileName` a command, `Word` prose.
                """));
        tree.Faults().Select(fault => $"{fault.Line}: {fault.What}").ShouldBe(
        [
            "2: nothing in the code is called SegmentReader",
            "3: src/2-log/Sluice.Log/Gone.cs does not exist",
            "4: the link docs/formats/log.md leads nowhere",
            "6: src/gone/Sluice.Gone does not exist",
            "8: nothing in the code is called Sluice.Gone",
        ]);
    }

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("// x\n", count));

    private static string Project(params string[] references) =>
        "<Project Sdk=\"Microsoft.NET.Sdk\">\n  <ItemGroup>\n"
        + string.Concat(references.Select(reference => $"    <ProjectReference Include=\"{reference}\" />\n")) + "  </ItemGroup>\n</Project>\n";
}
