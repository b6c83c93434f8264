using Sluice.Definition;
using Sluice.Testing;

namespace Sluice.Unit.Definition;

public sealed class PipelineFileTests
{
    private static string Weather => Path.Combine(Repository.Root, "tests", "Testing", "pipelines", "weather");

    [Fact]
    public void A_folder_becomes_a_definition()
    {
        var pipeline = Read(Weather);
        (pipeline.Name, pipeline.Id).ShouldBe(("weather", "north"));
        pipeline.Datasets.Select(d => d.Topic).ShouldBe(["north.station", "north.reading"]);
        pipeline.Datasets.Select(d => d.Stream).ShouldBe(["north-station", "north-reading"]);

        var station = pipeline.Datasets[0];
        (station.Table, station.RawKey, station.Key).ShouldBe(("stations", "code", "code"));
        station.Raw.ShouldContain(new RawField("elevation", "double", Required: false));
        station.Raw.ShouldContain(new RawField("opened", "varchar", Required: true));
        station.Columns.ShouldBe(
            [
                new CleanColumn("code", "VARCHAR", Nullable: false), new CleanColumn("position", "DOUBLE[]", Nullable: false),
                new CleanColumn("opened", "TIMESTAMP WITH TIME ZONE", Nullable: true), new CleanColumn("elevation", "DOUBLE", Nullable: true),
            ]);
        station.Checks.Select(c => (c.Name, c.Sql)).ShouldBe([("code_has_four_letters", "length(code) = 4")]);
        pipeline.Schedule.ShouldBe(
            new ScheduleDefinition("hourly", "15 * * * *", "Europe/Amsterdam", true, 1, TimeSpan.FromSeconds(30), true));
    }

    [Fact]
    public void The_dag_follows_what_the_sql_reads()
    {
        var tasks = Read(Weather).Dag.Tasks.Select(t => (t.Name, t.Kind, t.Subject, string.Join(' ', t.DependsOn)));
        tasks.ShouldBe(
            [
                ("clean.station", DagTaskKind.Clean, "station", ""),
                ("clean.reading", DagTaskKind.Clean, "reading", ""),
                ("analyse.mean_by_station", DagTaskKind.Analyse, "mean_by_station", "clean.reading"),
                ("analyse.warmest_station", DagTaskKind.Analyse, "warmest_station", "clean.station analyse.mean_by_station"),
            ]);
    }

    [Fact]
    public void The_pipeline_that_ships_has_no_fault() =>
        PipelineFile.Read(Path.Combine(Repository.Root, "pipelines", "pinterest")).Faults.ShouldBeEmpty();

    [Theory]
    // Keys, values and kinds.
    [InlineData("retries: 1", "retires: 1", "pipeline.yaml:63: schedule: 'retires' is not known here; did you mean 'retries'?")]
    [InlineData("retries: 1", "retries: many", "pipeline.yaml:63: schedule: 'retries' is 'many'; write a whole number from 0 to 100")]
    [InlineData("retry_delay: 30s", "retry_delay: 30", "pipeline.yaml:64: schedule: 'retry_delay' is '30'; write a number and a unit, e.g. 30s, 2m or 1h")]
    [InlineData("catchup: true", "catchup: yes", "pipeline.yaml:62: schedule: 'catchup' is 'yes'; write true or false")]
    [InlineData("15 * * * *", "15 * *", "pipeline.yaml:60: schedule: 'cron' is '15 * *'; write five fields")]
    [InlineData("Europe/Amsterdam", "Mars/Olympus", "pipeline.yaml:61: schedule: 'time_zone' is 'Mars/Olympus', which this machine does not know")]
    [InlineData("name: weather", "name: Weather Data", "pipeline.yaml:2: pipeline.yaml: 'name' is 'Weather Data'; write lower-case letters")]
    [InlineData("id: north\n", "", "pipeline.yaml:2: pipeline.yaml: lacks 'id'")]
    [InlineData("id: north", "id: [north]", "pipeline.yaml:3: pipeline.yaml: 'id' must be a single value")]
    [InlineData("id: north", "id:", "pipeline.yaml:3: pipeline.yaml: 'id' has no value")]
    [InlineData("id: north", "id: No/rth", "pipeline.yaml:3: pipeline.yaml: 'id' is 'No/rth'")]
    [InlineData("topic: \"{id}.station\"", "topic: \"{ID}.station\"", "pipeline.yaml:7: datasets[0]: 'topic' is '{ID}.station'; write 1 to 249 letters")]
    // Fields, columns and checks.
    [InlineData(
        "opened: varchar", "opened: text",
        "pipeline.yaml:15: datasets[0].raw: field 'opened' has type 'text'; known are bigint, double, boolean, varchar")]
    [InlineData("celsius: double\n        is_manual: boolean\n    clean", "celsius: duoble\n        is_manual: boolean\n    clean", "did you mean 'double'?")]
    [InlineData("elevation: double\n", "elevation: number\n", "pipeline.yaml:24: datasets[0].clean: column 'elevation' has type 'number'; known are boolean")]
    [InlineData(
        "required: false", "requird: false",
        "pipeline.yaml:16: datasets[0].raw.fields.elevation: 'requird' is not known here; did you mean 'required'?")]
    [InlineData(
        "      key: serial\n      fields", "      key: number\n      fields",
        "pipeline.yaml:32: datasets[1].raw: 'key' is 'number', which is none of the fields")]
    [InlineData(
        "serial: { type: bigint, nullable: false }", "serial: bigint",
        "pipeline.yaml:41: datasets[1].clean: 'key' is 'serial'; it must be one of the columns, with nullable: false")]
    [InlineData(
        "length(code) = 4", "length(cod) = 4",
        "pipeline.yaml:26: check 'code_has_four_letters' of 'station': Binder Error: Referenced column \"cod\" not found")]
    [InlineData("length(code) = 4", "length(code)", "pipeline.yaml:26: check 'code_has_four_letters' of 'station' is of type BIGINT; write a condition")]
    [InlineData(
        "        is_manual: boolean\n      checks", "        Celsius: boolean\n      checks",
        "'Celsius' is there twice; SQL does not tell upper from lower case")]
    [InlineData("        read_at: varchar", "        _position: varchar", "'_position' is the name of the record's position")]
    [InlineData("columns: { code: varchar, celsius: double }", "columns: {}", "pipeline.yaml:57: questions[1].columns: names nothing")]
    [InlineData("        elevation: double\n", "        elevation: decimal(5,6)\n", "column 'elevation' has type 'decimal(5,6)'")]
    [InlineData("        elevation: double\n", "        elevation: decimal(40, 2)\n", "column 'elevation' has type 'decimal(40, 2)'")]
    [InlineData("        elevation: double\n", "        elevation: decimal(5, 2)\n", "'elevation' of the result is DOUBLE, and")]
    // Files.
    [InlineData(
        "sql: clean/station.sql", "sql: clean/stations.sql",
        "pipeline.yaml:18: datasets[0].clean: 'sql' names clean/stations.sql, and there is no such file")]
    [InlineData(
        "sql: clean/station.sql", "sql: ../station.sql",
        "pipeline.yaml:18: datasets[0].clean: 'sql' is '../station.sql'; name a file inside the pipeline's folder")]
    [InlineData("sql: clean/station.sql", "sql: clean/reading.sql", "clean/reading.sql:2: the header says 'writes: reading'")]
    [InlineData("name: mean_by_station", "name: station", "pipeline.yaml:55: questions[1]: 'station' is there twice")]
    [InlineData("name: mean_by_station", "name: source", "pipeline.yaml:55: questions[1]: 'source' is what a clean reads from")]
    public void A_fault_names_line_reason_and_remedy(string old, string changed, string message) =>
        Faults("pipeline.yaml", old, changed).ShouldContain(f => f.Contains(message, StringComparison.Ordinal), message);

    [Theory]
    [InlineData("clean/station.sql", "elevation", "elevatio", "clean/station.sql:9: Binder Error: Referenced column \"elevatio\" not found")]
    [InlineData("clean/station.sql", "_position, NULLIF", "NULLIF", "clean/station.sql:4: the result lacks the column _position")]
    [InlineData(
        "clean/station.sql", "AS opened, elevation", "AS opened, CAST(elevation AS FLOAT) AS elevation",
        "clean/station.sql:4: column 'elevation' of the result is FLOAT")]
    [InlineData("clean/station.sql", "AS opened, elevation", "AS opened", "clean/station.sql:4: the result's columns are (code, position, opened)")]
    [InlineData(
        "clean/station.sql", "-- reads: source", "-- reads: source, reading",
        "clean/station.sql:1: the header says 'reads: source, reading'; a clean reads the relation 'source' and no other")]
    [InlineData("clean/station.sql", "-- grain", "-- grains", "clean/station.sql:1: the header lacks 'grain:'")]
    [InlineData("analyse/mean_by_station.sql", "GROUP BY code", "GROUP code", "analyse/mean_by_station.sql:6: Parser Error: syntax error")]
    [InlineData(
        "analyse/mean_by_station.sql", "-- reads: reading", "-- reads: readings",
        "analyse/mean_by_station.sql:1: reads 'readings', which is no dataset and no question; did you mean 'reading'?")]
    [InlineData(
        "analyse/mean_by_station.sql", "-- reads: reading", "-- reads: station",
        "analyse/mean_by_station.sql:5: Catalog Error: Table with name reading does not exist!")]
    [InlineData(
        "analyse/mean_by_station.sql", "-- reads: reading", "-- reads: reading, warmest_station",
        "analyse/mean_by_station.sql:1: 'mean_by_station' waits for itself: warmest_station, mean_by_station read each other in a circle")]
    public void A_fault_in_the_sql_names_line_reason_and_remedy(string file, string old, string changed, string message) =>
        Faults(file, old, changed).ShouldContain(f => f.Contains(message, StringComparison.Ordinal), message);

    [Fact]
    public void All_faults_are_told_at_once_in_the_order_of_the_files()
    {
        using var folder = new TemporaryFolder().CopyOf(Weather);
        Change(folder.At("pipeline.yaml"), "retries: 1", "retires: 1");
        Change(folder.At("pipeline.yaml"), "id: north", "id: no rth");
        Change(folder.At("pipeline.yaml"), "length(code) = 4", "length(cod) = 4");
        Change(folder.At("clean", "station.sql"), "elevation", "elevatio");
        Change(folder.At("clean", "reading.sql"), "-- writes: reading", "-- writes: readings");
        var faults = PipelineFile.Read(folder.Path).Faults;
        faults.Select(f => $"{Path.GetFileName(f.File)}:{f.Line}").ShouldBe(
            [
                "pipeline.yaml:3", "pipeline.yaml:7", "pipeline.yaml:8", "pipeline.yaml:29", "pipeline.yaml:30", "pipeline.yaml:63",
                "reading.sql:2",
            ],
            ignoreOrder: false);
    }

    [Theory]
    [InlineData("name: [\n", 2)]
    [InlineData("name: a\nname: b\n", 2)]
    [InlineData("- a\n", 1)]
    [InlineData("", 1)]
    [InlineData("a: b\n---\nc: d\n", 1)]
    public void What_is_no_yaml_is_one_fault(string content, int line)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("pipeline.yaml"), content);
        PipelineFile.Read(folder.Path).Faults.ShouldHaveSingleItem().Line.ShouldBe(line);
    }

    [Fact]
    public void A_folder_without_a_pipeline_is_a_fault()
    {
        using var folder = new TemporaryFolder();
        PipelineFile.Read(folder.At("nowhere")).Faults.ShouldHaveSingleItem().Message.ShouldContain("there is no such file");
    }

    private static PipelineDefinition Read(string directory)
    {
        var parse = PipelineFile.Read(directory);
        parse.Faults.ShouldBeEmpty();
        return parse.Definition.ShouldNotBeNull();
    }

    private static List<string> Faults(string file, string old, string changed)
    {
        using var folder = new TemporaryFolder().CopyOf(Weather);
        Change(folder.At(file), old, changed);
        var parse = PipelineFile.Read(folder.Path);
        parse.Definition.ShouldBeNull();
        return [.. parse.Faults.Select(f => f.ToString())];
    }

    private static void Change(string path, string old, string changed)
    {
        var text = File.ReadAllText(path);
        text.ShouldContain(old);
        File.WriteAllText(path, text.Replace(old, changed, StringComparison.Ordinal));
    }
}
