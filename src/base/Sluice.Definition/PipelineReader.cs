using System.Text.RegularExpressions;
using Sluice.Sql;
using YamlDotNet.RepresentationModel;

namespace Sluice.Definition;

/// <summary>Turns the sections of pipeline.yaml into the definition. A returned definition is whole only when no fault was added.</summary>
internal sealed partial class PipelineReader(string directory, FaultList faults)
{
    // What the record's place in its log or object is called in the relation that a clean reads.
    private const string Position = "_position";

    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The datasets and questions that have no fault of their own, so that their SQL can be judged.</summary>
    public HashSet<object> Sound { get; } = new(ReferenceEqualityComparer.Instance);

    public PipelineDefinition Read(YamlSection root)
    {
        var name = Identifier(root, "name");
        var id = root.Text("id");
        if (id.Length > 0 && !IdPattern().IsMatch(id))
            root.Fault(root.LineOf("id"), $"'id' is '{id}'; write lower-case letters, digits and hyphens, since topics and streams are named with it");
        var datasets = root.Sections("datasets").Select(s => Judged(() => Dataset(s, id))).ToList();
        var questions = root.Sections("questions").Select(s => Judged(() => Question(s))).ToList();
        var schedule = root.Section("schedule") is { } section ? Schedule(section) : null;
        var maintenance = root.SectionIfPresent("maintenance") is { } m ? new MaintenanceReader(datasets, questions).Read(m, schedule?.Dag) : null;
        root.RefuseUnknown();
        Reads(datasets, questions);
        return new PipelineDefinition(
            directory, name, id, datasets, questions, schedule ?? new("", "", "", false, 0, default, false)) { Maintenance = maintenance };
    }

    private T Judged<T>(Func<T> read)
        where T : class
    {
        var before = faults.Count;
        var item = read();
        if (faults.Count == before) Sound.Add(item);
        return item;
    }

    private Dataset Dataset(YamlSection section, string id)
    {
        var name = UniqueName(section);
        var table = section.Text("table");
        var topic = Named(section, "topic", id, TopicPattern(), "1 to 249 letters, digits, '.', '_' and '-'");
        var stream = Named(section, "stream", id, StreamPattern(), "1 to 128 letters, digits, '.', '_' and '-'");
        var (rawKey, raw) = section.Section("raw") is { } r ? Raw(r) : ("", []);
        var clean = section.Section("clean");
        section.RefuseUnknown();
        if (clean is null) return new Dataset(name, table, topic, stream, rawKey, "", raw, Nothing, [], []);

        var sql = Sql(clean, name, ["source"]);
        var columns = Columns(clean);
        var key = clean.Text("key");
        if (key.Length > 0 && columns.FirstOrDefault(c => c.Name == key) is not { Nullable: false })
            clean.Fault(clean.LineOf("key"), $"'key' is '{key}'; it must be one of the columns, with nullable: false");
        var checks = clean.SectionIfPresent("checks") is { } c ? Conditions.Checks(c) : [];
        var expectations = clean.SectionIfPresent("expectations") is { } e ? Conditions.Expectations(e) : [];
        clean.RefuseUnknown();
        return new Dataset(name, table, topic, stream, rawKey, key, raw, sql, columns, checks) { Expectations = expectations };
    }

    private Question Question(YamlSection section)
    {
        var name = UniqueName(section);
        var sql = Sql(section, name, null);
        var columns = Columns(section);
        section.RefuseUnknown();
        return new Question(name, sql) { Columns = columns };
    }

    private static ScheduleDefinition Schedule(YamlSection section)
    {
        var (cron, zone) = Cadence(section);
        var schedule = new ScheduleDefinition(
            Identifier(section, "dag"),
            cron,
            zone,
            section.Flag("catchup", false),
            section.Integer("retries", 0, 0, 100),
            section.Duration("retry_delay", TimeSpan.FromMinutes(2)),
            section.Flag("depends_on_past", false));
        section.RefuseUnknown();
        return schedule;
    }

    /// <summary>The keys <c>cron</c> and <c>time_zone</c>.</summary>
    internal static (string Cron, string TimeZone) Cadence(YamlSection section)
    {
        var cron = section.Text("cron");
        // Only the shape is judged here; whether the fields make sense is known to the library that plans the runs.
        if (cron.Length > 0 && cron is not ("@hourly" or "@daily" or "@weekly" or "@monthly") && cron.Split(' ').Length != 5)
        {
            section.Fault(
                section.LineOf("cron"),
                $"'cron' is '{cron}'; write five fields (minute hour day month weekday), or @hourly, @daily, @weekly, @monthly");
        }

        var zone = section.Text("time_zone", "Etc/UTC");
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
        {
            section.Fault(
                section.LineOf("time_zone"),
                $"'time_zone' is '{zone}', which this machine does not know; write an IANA name such as Europe/Amsterdam");
        }

        return (cron, zone);
    }

    private static (string Key, IReadOnlyList<RawField> Fields) Raw(YamlSection section)
    {
        var key = section.Text("key");
        var fields = new List<RawField>();
        foreach (var (name, line, type, detail) in Typed(section, "fields"))
        {
            if (!SqlTypes.Raw.Contains(type))
                section.Fault(line, $"field '{name}' has type '{type}'{Spelling.Hint(type, SqlTypes.Raw)}");
            fields.Add(new RawField(name, type, detail?.Flag("required", true) ?? true));
            detail?.RefuseUnknown();
        }

        if (key.Length > 0 && fields.TrueForAll(f => f.Name != key))
            section.Fault(section.LineOf("key"), $"'key' is '{key}', which is none of the fields{Spelling.Hint(key, [.. fields.Select(f => f.Name)])}");
        section.RefuseUnknown();
        return (key, fields);
    }

    private static List<CleanColumn> Columns(YamlSection section)
    {
        var columns = new List<CleanColumn>();
        foreach (var (name, line, type, detail) in Typed(section, "columns"))
        {
            var canonical = SqlTypes.Canonical(type);
            if (canonical is null) section.Fault(line, $"column '{name}' has type '{type}'{Spelling.Hint(type, SqlTypes.Column)}");
            columns.Add(new CleanColumn(name, canonical ?? type, detail?.Flag("nullable", true) ?? true));
            detail?.RefuseUnknown();
        }

        return columns;
    }

    /// <summary>A mapping from names to a type, or to a mapping with the type and more.</summary>
    private static IEnumerable<(string Name, int Line, string Type, YamlSection? Detail)> Typed(YamlSection section, string key)
    {
        if (section.Section(key) is not { } entries) yield break;
        var typed = entries.Entries().ToList();
        if (typed.Count == 0) entries.Fault(entries.Line, "names nothing; write at least one name with its type");
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, line, value) in typed)
        {
            if (!ColumnPattern().IsMatch(name))
                entries.Fault(line, $"'{name}' cannot name a column; write letters, digits and '_', not beginning with a digit");
            if (string.Equals(name, Position, StringComparison.OrdinalIgnoreCase))
                entries.Fault(line, $"'{Position}' is the name of the record's position; choose another");
            else if (!names.Add(name))
                entries.Fault(line, $"'{name}' is there twice; SQL does not tell upper from lower case");
            var detail = entries.Entry(name, value);
            var type = detail?.Text("type") ?? (value as YamlScalarNode)?.Value ?? "";
            if (type.Length > 0) yield return (name, line, type, detail);
            else if (detail is null) entries.Fault(line, $"'{name}' has no type");
        }
    }

    private SqlFile Sql(YamlSection section, string writes, IReadOnlyList<string>? reads)
    {
        var relative = section.Text("sql");
        if (relative.Length == 0) return Nothing;
        var path = Path.Combine(directory, relative);
        if (Path.IsPathRooted(relative) || relative.Split('/', '\\').Contains(".."))
        {
            section.Fault(section.LineOf("sql"), $"'sql' is '{relative}'; name a file inside the pipeline's folder");
            return Nothing;
        }

        if (!File.Exists(path))
        {
            section.Fault(section.LineOf("sql"), $"'sql' names {relative}, and there is no such file");
            return Nothing;
        }

        var parse = SqlFile.Read(path);
        foreach (var fault in parse.Faults) faults.Add(fault.File, fault.Line, fault.Message);
        if (parse.File is not { } sql) return Nothing;
        if (writes.Length > 0 && sql.Writes != writes)
            faults.Add(path, sql.WritesLine, $"the header says 'writes: {sql.Writes}', and {section.File} calls it '{writes}'; make them equal");
        if (reads is not null && !sql.Reads.SequenceEqual(reads))
            faults.Add(path, sql.ReadsLine, $"the header says 'reads: {string.Join(", ", sql.Reads)}'; a clean reads the relation '{reads[0]}' and no other");
        return sql;
    }

    private void Reads(IReadOnlyList<Dataset> datasets, IReadOnlyList<Question> questions)
    {
        HashSet<string> known = [.. datasets.Select(d => d.Name), .. questions.Select(q => q.Name)];
        foreach (var (name, sql) in questions)
        {
            foreach (var read in sql.Reads.Where(read => !known.Contains(read)))
                faults.Add(sql.Path, sql.ReadsLine, $"reads '{read}', which is no dataset and no question{Spelling.Hint(read, known)}");
        }
    }

    private string UniqueName(YamlSection section)
    {
        var name = Identifier(section, "name");
        if (name == "source")
            section.Fault(section.LineOf("name"), "'source' is what a clean reads from; choose another name");
        else if (name.Length > 0 && !_names.Add(name))
            section.Fault(section.LineOf("name"), $"'{name}' is there twice; datasets and questions share their names");
        return name;
    }

    internal static string Identifier(YamlSection section, string key, string? absent = null)
    {
        var name = absent is null ? section.Text(key) : section.Text(key, absent);
        if (name.Length > 0 && !NamePattern().IsMatch(name))
            section.Fault(section.LineOf(key), $"'{key}' is '{name}'; write lower-case letters, digits and '_', beginning with a letter");
        return name;
    }

    private static string Named(YamlSection section, string key, string id, Regex pattern, string rule)
    {
        var name = section.Text(key).Replace("{id}", id, StringComparison.Ordinal);
        if (name.Length > 0 && !pattern.IsMatch(name))
            section.Fault(section.LineOf(key), $"'{key}' is '{name}'; write {rule}; {{id}} stands for the id");
        return name;
    }

    // Stands for a file that cannot be had; what holds it has a fault and is not sound.
    private static SqlFile Nothing => new("", [], "", "", "");

    [GeneratedRegex("^[a-z][a-z0-9_]{0,99}$")]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
    private static partial Regex ColumnPattern();

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$")]
    private static partial Regex IdPattern();

    // What Kafka takes for a topic: org.apache.kafka.common.internals.Topic.
    [GeneratedRegex("^[A-Za-z0-9._-]{1,249}$")]
    private static partial Regex TopicPattern();

    // https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
    [GeneratedRegex("^[A-Za-z0-9_.-]{1,128}$")]
    private static partial Regex StreamPattern();
}
