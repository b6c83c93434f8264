using Sluice.Definition;
using Sluice.Testing;

namespace Sluice.Unit.Quality;

public sealed class MaintenanceDefinitionTests
{
    [Fact]
    public void What_names_one_table_wins_over_what_names_many()
    {
        var maintenance = Parse("""
            maintenance:
              cron: "@weekly"
              time_zone: Europe/Amsterdam
              tables:
                stream.station: { compact: false, clean_log: false }
                batch.reading: { zorder: [celsius, code], retention: 240h }
                batch.*:
                stream.*: { vacuum: false }
                quality.results: {}
            """).Definition.ShouldNotBeNull().Maintenance.ShouldNotBeNull();

        (maintenance.Dag, maintenance.Cron, maintenance.TimeZone).ShouldBe(("maintenance", "@weekly", "Europe/Amsterdam"));
        maintenance.Tables.Select(care => $"{care.Table} {care.Compact} {string.Join(',', care.ZOrderBy)} {care.Vacuum} {care.Retention} {care.CleanLog}").ShouldBe(
            [
                "batch.station True  True  True", "batch.reading True celsius,code True 10.00:00:00 True", "stream.station False  True  False",
                "stream.reading True  False  True", "quality.results True  True  True",
            ]);
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var faults = Parse("""
            maintenance:
              dag: hourly
              cron: "3 * *"
              tables:
                batch.readings: {}
                barch.*: {}
                batch.reading: { zorder: celsius, vacum: true }
                batch.station: { zorder: [elevatio], vacuum: false, retention: 7d }
                stream.*: yes
            """).Faults;
        faults.Select(fault => fault.Message).ShouldBe(
            [
                "maintenance: 'dag' is 'hourly', which is the name of the schedule's; choose another",
                "maintenance: 'cron' is '3 * *'; write five fields (minute hour day month weekday), or @hourly, @daily, @weekly, @monthly",
                "maintenance.tables: 'batch.readings' is no table of the pipeline; did you mean 'batch.reading'?",
                "maintenance.tables: 'barch.*' is no table of the pipeline; did you mean 'batch.*'?",
                "maintenance.tables.batch.reading: 'zorder' must be a list of names, e.g. zorder: [country, category]",
                "maintenance.tables.batch.reading: 'vacum' is not known here; did you mean 'vacuum'?",
                "maintenance.tables.batch.station: 'retention' is '7d'; write a number and a unit, e.g. 30s, 2m or 1h",
                "maintenance.tables.batch.station: 'retention' is of a vacuum, which is off; leave one of them out",
                "maintenance.tables: 'batch.station' is ordered by 'elevatio', which is no column of batch.station; did you mean 'elevation'?",
                "maintenance.tables: 'stream.*' must hold what is done to it, e.g. stream.*: { zorder: [country], retention: 240h }, or {} for everything that is usual",
            ],
            ignoreOrder: true);
    }

    private static PipelineParse Parse(string maintenance)
    {
        using var folder = new TemporaryFolder().CopyOf(Path.Combine(Repository.Root, "tests", "Testing", "pipelines", "weather"));
        File.AppendAllText(folder.At("pipeline.yaml"), $"\n{maintenance}\n");
        return PipelineFile.Read(folder.Path);
    }
}
