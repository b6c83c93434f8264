using Sluice.Sql;

namespace Sluice.Definition;

/// <summary>A pipeline folder (pipeline.yaml and its SQL), parsed and validated: what every stage works from.</summary>
/// <param name="Directory">The folder.</param>
/// <param name="Name">The pipeline's name, e.g. "pinterest".</param>
/// <param name="Id">The owner's id that topic and stream names begin with or hold.</param>
/// <param name="Datasets">In the order of the file.</param>
/// <param name="Questions">In the order of the file.</param>
/// <param name="Schedule">When the pipeline's DAG runs.</param>
public sealed record PipelineDefinition(
    string Directory,
    string Name,
    string Id,
    IReadOnlyList<Dataset> Datasets,
    IReadOnlyList<Question> Questions,
    ScheduleDefinition Schedule)
{
    /// <summary>The tasks of <see cref="Schedule"/>, ordered by what their SQL reads.</summary>
    public PipelineDag Dag { get; init; } = new([]);

    /// <summary>When and how the tables are kept tidy; null when the file does not say.</summary>
    public MaintenanceDefinition? Maintenance { get; init; }
}

/// <summary>One kind of record: how it arrives, how it is cleaned, what makes it valid.</summary>
/// <param name="Name">E.g. "pin": names the tables batch.pin, quarantine.pin and so on.</param>
/// <param name="Table">Name of the table or CSV file at the source, e.g. "pinterest_data".</param>
/// <param name="Topic">Kafka topic, with the id filled in, e.g. "demo.pin".</param>
/// <param name="Stream">Kinesis stream, with the id filled in, e.g. "streaming-demo-pin".</param>
/// <param name="RawKey">The raw column that orders and joins rows at the source, e.g. "index".</param>
/// <param name="Key">The clean column that makes a row unique, e.g. "ind".</param>
/// <param name="Raw">Fields of the JSON object, in order.</param>
/// <param name="Clean">The SQL from raw to clean: reads the relation "source", passes its column "_position" through.</param>
/// <param name="Columns">Columns of the clean table, in order (without "_position").</param>
/// <param name="Checks">What a clean row must satisfy; a row that fails one is quarantined.</param>
public sealed record Dataset(
    string Name,
    string Table,
    string Topic,
    string Stream,
    string RawKey,
    string Key,
    IReadOnlyList<RawField> Raw,
    SqlFile Clean,
    IReadOnlyList<CleanColumn> Columns,
    IReadOnlyList<Check> Checks)
{
    /// <summary>What a clean row is expected to be, beyond the checks; counted per run and path.</summary>
    public IReadOnlyList<Expectation> Expectations { get; init; } = [];
}

/// <summary>A field of the raw JSON object.</summary>
/// <param name="Type">"bigint", "double", "boolean" or "varchar"; a value of another kind is a fault of the record, save that
/// "varchar" takes numbers and booleans as their text.</param>
/// <param name="Required">Whether a record without the field is at fault. JSON null is a value.</param>
public sealed record RawField(string Name, string Type, bool Required);

/// <summary>A column of a clean table.</summary>
/// <param name="Type">A DuckDB type name as DESCRIBE prints it: INTEGER, BIGINT, VARCHAR, DOUBLE, DOUBLE[], TIMESTAMP WITH TIME ZONE.</param>
public sealed record CleanColumn(string Name, string Type, bool Nullable);

/// <summary>A named SQL boolean over the columns of a clean row. False is a fault; null is not.</summary>
public sealed record Check(string Name, string Sql)
{
    /// <summary>The line of pipeline.yaml it stands in.</summary>
    public int Line { get; init; } = 1;
}

/// <summary>
/// A named SQL boolean over the columns of a clean row that passed the checks. It is met when it is true: false and null are not, as for
/// the CHECK constraints of Delta tables.
/// </summary>
/// <param name="Name">Unique in its dataset.</param>
public sealed record Expectation(string Name, string Sql, ExpectationAction Action)
{
    /// <summary>The line of pipeline.yaml it stands in.</summary>
    public int Line { get; init; } = 1;
}

/// <summary>What becomes of a row that does not meet an expectation. In every case it is counted.</summary>
public enum ExpectationAction
{
    /// <summary>It is kept.</summary>
    Warn,

    /// <summary>It is left out; the ledger counts it as dropped.</summary>
    Drop,

    /// <summary>The dataset stops before the commit that would hold it.</summary>
    Fail,

    /// <summary>It goes to quarantine, from where it can be replayed.</summary>
    Quarantine,
}

/// <summary>A question over clean tables; its answer is the table "answers.{Name}".</summary>
public sealed record Question(string Name, SqlFile Sql)
{
    /// <summary>Columns of the answer, in order.</summary>
    public IReadOnlyList<CleanColumn> Columns { get; init; } = [];
}

/// <summary>When and how the DAG runs.</summary>
/// <param name="Dag">Name of the DAG, e.g. "daily".</param>
/// <param name="Cron">Five-field cron, or @daily, @hourly, @weekly, @monthly.</param>
/// <param name="TimeZone">IANA name.</param>
/// <param name="Catchup">Whether missed intervals are run.</param>
/// <param name="Retries">Tries after the first.</param>
/// <param name="RetryDelay">Pause before a retry.</param>
/// <param name="DependsOnPast">Whether a task waits for its own success in the run before.</param>
public sealed record ScheduleDefinition(
    string Dag, string Cron, string TimeZone, bool Catchup, int Retries, TimeSpan RetryDelay, bool DependsOnPast);

/// <summary>The schedule of a DAG that keeps tables tidy, a task for each.</summary>
/// <param name="Dag">Name of the DAG.</param>
/// <param name="Cron">Five-field cron, or @daily, @hourly, @weekly, @monthly.</param>
/// <param name="TimeZone">IANA name.</param>
/// <param name="Tables">Each table once.</param>
public sealed record MaintenanceDefinition(string Dag, string Cron, string TimeZone, IReadOnlyList<TableCare> Tables);

/// <summary>What is done to one table.</summary>
/// <param name="Table">Namespace and name, e.g. "batch.pin".</param>
public sealed record TableCare(string Table)
{
    /// <summary>Whether small files are merged.</summary>
    public bool Compact { get; init; } = true;

    /// <summary>Columns along whose Z-curve the rows of files are ordered that are not yet; none for no ordering.</summary>
    public IReadOnlyList<string> ZOrderBy { get; init; } = [];

    /// <summary>Whether files out of use are deleted.</summary>
    public bool Vacuum { get; init; } = true;

    /// <summary>
    /// How long a file must be out of use; null for what the table says. Longer than that keeps nothing of the stream job's tables, whose files are
    /// deleted as the table says, and needs a log that is kept as long.
    /// </summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Whether a checkpoint is written and the log before the table's retention is deleted.</summary>
    public bool CleanLog { get; init; } = true;
}
