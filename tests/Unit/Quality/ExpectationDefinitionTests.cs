using Sluice.Definition;
using Sluice.Testing;

namespace Sluice.Unit.Quality;

public sealed class ExpectationDefinitionTests
{
    [Fact]
    public void Expectations_are_a_condition_or_a_condition_with_an_action()
    {
        var parse = Parse("""
                    opened_is_there: opened IS NOT NULL
                    high: { expect: elevation > 100, action: drop }
                    low: { expect: "elevation < 9000 -- metres" }
            """);
        parse.Faults.ShouldBeEmpty();
        parse.Definition!.Datasets[0].Expectations.Select(e => (e.Name, e.Sql, e.Action, e.Line)).ShouldBe(
            [
                ("opened_is_there", "opened IS NOT NULL", ExpectationAction.Warn, 28), ("high", "elevation > 100", ExpectationAction.Drop, 29),
                ("low", "elevation < 9000 -- metres", ExpectationAction.Warn, 30),
            ]);
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var parse = Parse("""
                    a b: opened IS NOT NULL
                    action_is_known: { expect: elevation > 100, action: quarantin }
                    has_a_condition: { action: drop }
                    knows_its_keys: { expect: elevation > 1, actoin: drop }
                    is_a_condition: [elevation]
            """);
        Messages(parse).ShouldBe(
            [
                "28: datasets[0].clean.expectations: 'a b' cannot name an expectation; write letters, digits and '_'",
                "29: datasets[0].clean.expectations.action_is_known: 'action' is 'quarantin'; did you mean 'quarantine'?",
                "30: datasets[0].clean.expectations.has_a_condition: lacks 'expect'",
                "31: datasets[0].clean.expectations.knows_its_keys: 'actoin' is not known here; did you mean 'action'?",
                "32: datasets[0].clean.expectations: 'is_a_condition' must be a condition in SQL, or hold one and an action, "
                    + "e.g. is_a_condition: { expect: age >= 0, action: drop }",
            ]);
    }

    [Fact]
    public void A_condition_binds_over_the_clean_columns_and_is_asked_of_one_row()
    {
        var messages = Messages(Parse("""
                    column_is_known: elevatio > 100
                    is_sql: elevation > > 1
                    is_true_or_false: elevation
                    is_of_one_row: count(*) > 1
                    is_of_no_window: row_number() OVER () > 1
            """));
        messages.Count.ShouldBe(5);
        messages[0].ShouldStartWith("28: expectation 'column_is_known' of 'station': Binder Error: Referenced column \"elevatio\" not found");
        messages[1].ShouldStartWith("29: expectation 'is_sql' of 'station': Parser Error");
        messages[2].ShouldBe("30: expectation 'is_true_or_false' of 'station' is of type DOUBLE; write a condition, which is true or false");
        messages[3].ShouldStartWith("31: expectation 'is_of_one_row' of 'station': Binder Error");
        messages[4].ShouldStartWith("32: expectation 'is_of_no_window' of 'station': Binder Error");
    }

    [Fact]
    public void There_are_at_most_as_many_as_a_row_carries()
    {
        var many = string.Join('\n', Enumerable.Range(0, DefinitionLimits.ExpectationsMax + 1).Select(i => $"        e{i}: elevation > {i}"));
        Messages(Parse(many)).ShouldHaveSingleItem().ShouldContain("63 expectations; a dataset has 62 at most");
    }

    private static PipelineParse Parse(string expectations)
    {
        using var folder = new TemporaryFolder().CopyOf(Path.Combine(Repository.Root, "tests", "Testing", "pipelines", "weather"));
        var path = folder.At("pipeline.yaml");
        const string Before = "        code_has_four_letters: length(code) = 4\n";
        var text = File.ReadAllText(path);
        text.ShouldContain(Before);
        File.WriteAllText(path, text.Replace(Before, $"{Before}      expectations:\n{expectations}\n", StringComparison.Ordinal));
        return PipelineFile.Read(folder.Path);
    }

    private static List<string> Messages(PipelineParse parse) => [.. parse.Faults.Select(fault => $"{fault.Line}: {fault.Message}")];
}
