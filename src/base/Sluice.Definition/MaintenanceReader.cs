using YamlDotNet.RepresentationModel;

namespace Sluice.Definition;

/// <summary>Reads the section <c>maintenance</c>: a schedule, and what is done to which tables. <c>batch.*</c> stands for every table of that kind.</summary>
internal sealed class MaintenanceReader
{
    // More columns than four make a Z-curve that helps none of them.
    private const int ZOrderColumnsMax = 4;
    private const string All = "*";

    private readonly Dictionary<string, IReadOnlyList<CleanColumn>> _columns = new(StringComparer.Ordinal);
    private readonly List<string> _tables = [];

    public MaintenanceReader(IReadOnlyList<Dataset> datasets, IReadOnlyList<Question> questions)
    {
        foreach (var space in (string[])["batch", "stream"])
        {
            foreach (var dataset in datasets) Add($"{space}.{dataset.Name}", dataset.Columns);
        }

        foreach (var space in (string[])["quarantine", "duplicates", "replayed"])
        {
            foreach (var dataset in datasets) Add($"{space}.{dataset.Name}", []);
        }

        foreach (var space in (string[])["answers", "answers_stream"])
        {
            foreach (var question in questions) Add($"{space}.{question.Name}", question.Columns);
        }

        Add("quality.results", []);
    }

    public MaintenanceDefinition Read(YamlSection section, string? scheduleDag)
    {
        var dag = PipelineReader.Identifier(section, "dag", absent: "maintenance");
        if (dag == scheduleDag) section.Fault(section.LineOf("dag"), $"'dag' is '{dag}', which is the name of the schedule's; choose another");
        var (cron, zone) = PipelineReader.Cadence(section);
        var cares = new Dictionary<string, TableCare>(StringComparer.Ordinal);
        if (section.Section("tables") is { } tables)
        {
            // What names one table wins over what names many.
            foreach (var (name, line, value) in tables.Entries().OrderBy(entry => !entry.Key.EndsWith(All, StringComparison.Ordinal)))
            {
                var care = Care(tables, name, line, value);
                foreach (var table in Named(tables, name, line)) cares[table] = care with { Table = table };
                if (care.ZOrderBy.Count > 0) CheckColumns(tables, name, line, care);
            }
        }

        section.RefuseUnknown();
        return new MaintenanceDefinition(dag, cron, zone, [.. _tables.Where(cares.ContainsKey).Select(table => cares[table])]);
    }

    private static TableCare Care(YamlSection tables, string name, int line, YamlNode value)
    {
        if (value is YamlScalarNode { Value: "" }) return new TableCare(name);
        if (tables.Entry(name, value) is not { } section)
        {
            tables.Fault(line, $"'{name}' must hold what is done to it, e.g. {name}: {{ zorder: [country], retention: 240h }}, or {{}} for everything that is usual");
            return new TableCare(name);
        }

        var care = new TableCare(name)
        {
            Compact = section.Flag("compact", true),
            ZOrderBy = section.Words("zorder"),
            Vacuum = section.Flag("vacuum", true),
            Retention = section.DurationIfPresent("retention"),
            CleanLog = section.Flag("clean_log", true),
        };
        if (care.ZOrderBy.Count > ZOrderColumnsMax)
            section.Fault(section.LineOf("zorder"), $"'zorder' names {care.ZOrderBy.Count} columns; {ZOrderColumnsMax} are the most, and each further one helps less");
        if (care is { Vacuum: false, Retention: not null })
            section.Fault(section.LineOf("retention"), "'retention' is of a vacuum, which is off; leave one of them out");
        section.RefuseUnknown();
        return care;
    }

    private List<string> Named(YamlSection tables, string name, int line)
    {
        var named = name.EndsWith($".{All}", StringComparison.Ordinal)
            ? _tables.Where(table => table.StartsWith(name[..^1], StringComparison.Ordinal)).ToList()
            : _tables.Where(table => table == name).ToList();
        if (named.Count == 0)
        {
            var known = _tables.Select(table => $"{table.Split('.')[0]}.{All}").Distinct().Concat(_tables).ToList();
            tables.Fault(line, $"'{name}' is no table of the pipeline{Spelling.Hint(name, known)}");
        }

        return named;
    }

    private void CheckColumns(YamlSection tables, string name, int line, TableCare care)
    {
        foreach (var table in Named(tables, name, line))
        {
            var columns = _columns[table];
            foreach (var column in care.ZOrderBy.Where(column => columns.All(c => c.Name != column)))
                tables.Fault(line, $"'{name}' is ordered by '{column}', which is no column of {table}{Spelling.Hint(column, [.. columns.Select(c => c.Name)])}");
        }
    }

    private void Add(string table, IReadOnlyList<CleanColumn> columns)
    {
        // A name that is there twice is a fault of its own.
        if (!_columns.TryAdd(table, columns)) return;
        _tables.Add(table);
    }
}
