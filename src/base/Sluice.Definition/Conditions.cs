using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Sluice.Definition;

/// <summary>Reads the named conditions of a dataset: checks and expectations.</summary>
internal static partial class Conditions
{
    private static readonly string[] s_actions = [.. Enum.GetNames<ExpectationAction>().Select(name => name.ToLowerInvariant())];

    public static List<Check> Checks(YamlSection section)
    {
        var checks = new List<Check>();
        foreach (var (name, line, value) in section.Entries())
        {
            RequireName(section, name, line, "check");
            if (value is YamlScalarNode { Value: { Length: > 0 } sql }) checks.Add(new Check(name, sql) { Line = (int)value.Start.Line });
            else section.Fault(line, $"'{name}' must be a condition in SQL, e.g. {name}: age >= 0");
        }

        return checks;
    }

    /// <summary>Names to a condition, or to a mapping with the condition and the action.</summary>
    public static List<Expectation> Expectations(YamlSection section)
    {
        var expectations = new List<Expectation>();
        foreach (var (name, line, value) in section.Entries())
        {
            RequireName(section, name, line, "expectation");
            if (value is YamlScalarNode { Value: { Length: > 0 } sql })
                expectations.Add(new Expectation(name, sql, ExpectationAction.Warn) { Line = (int)value.Start.Line });
            else if (section.Entry(name, value) is { } detail)
                expectations.Add(Detailed(detail, name));
            else
                section.Fault(line, $"'{name}' must be a condition in SQL, or hold one and an action, e.g. {name}: {{ expect: age >= 0, action: drop }}");
        }

        if (expectations.Count > DefinitionLimits.ExpectationsMax)
            section.Fault(section.Line, $"there are {expectations.Count} expectations; a dataset has {DefinitionLimits.ExpectationsMax} at most, so join some with AND");
        return expectations;
    }

    private static Expectation Detailed(YamlSection detail, string name)
    {
        var sql = detail.Text("expect");
        var word = detail.Text("action", "warn");
        if (!s_actions.Contains(word)) detail.Fault(detail.LineOf("action"), $"'action' is '{word}'{Spelling.Hint(word, s_actions)}");
        _ = Enum.TryParse<ExpectationAction>(word, ignoreCase: true, out var action);
        detail.RefuseUnknown();
        return new Expectation(name, sql, action) { Line = detail.LineOf("expect") };
    }

    private static void RequireName(YamlSection section, string name, int line, string what)
    {
        if (!NamePattern().IsMatch(name)) section.Fault(line, $"'{name}' cannot name {(what[0] == 'e' ? "an" : "a")} {what}; write letters, digits and '_'");
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
    private static partial Regex NamePattern();
}
