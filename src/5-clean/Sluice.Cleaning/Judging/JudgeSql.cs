using Sluice.Cleaning.Quality;
using Sluice.Definition;
using Sluice.Sql;

namespace Sluice.Cleaning.Judging;

/// <summary>The statements that one dataset's records are judged with, around the pipeline's own SQL and checks.</summary>
/// <remarks>
/// Relations, all temporary: <c>source</c> (what the clean SQL reads), <c>result</c> (what it gives), <c>judged</c> (that, and what the conditions say of it),
/// <c>cleaned</c> (that, stored), <c>firsts</c> (each key's first position), <c>duplicates</c>, <c>quarantined</c> and <c>runs</c>
/// (records with consecutive positions, for finding where a position came from).
/// </remarks>
internal sealed class JudgeSql(Dataset dataset, RowConditions conditions)
{
    public const string RawFunction = "sluice_raw";

    private readonly string _key = SqlName.Quote(dataset.Key);
    private readonly string _keyType = dataset.Columns.Single(column => column.Name == dataset.Key).Type;

    /// <summary>The declared columns, quoted.</summary>
    public string Columns { get; } = string.Join(", ", dataset.Columns.Select(column => SqlName.Quote(column.Name)));

    public string Source { get; } = $"CREATE TEMP VIEW source AS SELECT * FROM {RawFunction}()";

    public SqlStatement Result => dataset.Clean.Within("CREATE TEMP VIEW result AS", "");

    public string Judged => $"CREATE TEMP VIEW judged AS SELECT {Columns}, _position, {conditions.Sql} AS {RowConditions.Column} FROM result";

    public static string EmptyTables => """
        CREATE OR REPLACE TEMP TABLE cleaned AS SELECT * FROM judged LIMIT 0;
        CREATE OR REPLACE TEMP TABLE duplicates (_position BIGINT, key VARCHAR);
        CREATE OR REPLACE TEMP TABLE quarantined (
          topic VARCHAR, partition INTEGER, "offset" BIGINT, object VARCHAR, line BIGINT, raw VARCHAR, reasons VARCHAR[]);
        CREATE OR REPLACE TEMP TABLE runs (
          first BIGINT, topic VARCHAR, partition INTEGER, "offset" BIGINT, object VARCHAR, line BIGINT);
        CREATE OR REPLACE TEMP TABLE faults (_position BIGINT, reasons VARCHAR[], omitted BOOLEAN);
        """;

    public const string Fill = "INSERT INTO cleaned SELECT * FROM judged";

    /// <summary>Rows, positions, their sum, good rows, judged rows; then of each expectation the rows that do not meet it, and the first of them.</summary>
    public string Count
    {
        get
        {
            var unmet = Enumerable.Range(0, conditions.Expectations.Count).Select(RowConditions.IsUnmet)
                .Select(condition => $", count(*) FILTER (WHERE {condition}), coalesce(min(_position) FILTER (WHERE {condition}), 0)");
            return "SELECT count(*), count(DISTINCT _position), CAST(coalesce(sum(_position), 0) AS BIGINT), "
                + $"count(*) FILTER (WHERE {conditions.Good}), count(*) FILTER (WHERE {RowConditions.Column} >= 0){string.Concat(unmet)} FROM cleaned";
        }
    }

    /// <summary>Positions of the rows that are left out.</summary>
    public string DroppedRows => $"SELECT _position FROM cleaned WHERE {conditions.Dropped}";

    /// <summary>The rows that the source shows, cleaned, as JSON.</summary>
    public string RowsAsJson => $"SELECT CAST(to_json(cleaned_row) AS VARCHAR) FROM (SELECT {Columns} FROM judged) cleaned_row";

    public const string Doubled =
        "SELECT _position FROM cleaned GROUP BY _position HAVING count(*) > 1 ORDER BY _position";

    public const string DeleteDoubled =
        "DELETE FROM cleaned WHERE _position IN (SELECT _position FROM cleaned GROUP BY _position HAVING count(*) > 1)";

    public const string Missing =
        "SELECT s._position FROM source s ANTI JOIN cleaned c ON s._position = c._position ORDER BY s._position";

    public const string Foreign =
        "SELECT count(*) FROM cleaned c ANTI JOIN source s ON s._position = c._position";

    /// <summary>The reasons of the rows that are not good.</summary>
    public string Reasons()
    {
        var reasons = new List<string> { $"CASE WHEN {_key} IS NULL THEN {SqlName.Literal(Cleaning.Reasons.KeyIsNull(dataset.Key))} END" };
        reasons.AddRange(conditions.NotNullColumns.Select(column =>
            $"CASE WHEN {SqlName.Quote(column)} IS NULL THEN {SqlName.Literal(Cleaning.Reasons.IsNull(column))} END"));
        reasons.AddRange(dataset.Checks.Select(check =>
            $"CASE WHEN ({check.Sql}\n) IS FALSE THEN {SqlName.Literal(Cleaning.Reasons.FailedCheck(check.Name))} END"));
        reasons.AddRange(conditions.Expectations.Index().Where(e => e.Item.Action == ExpectationAction.Quarantine).Select(e =>
            $"CASE WHEN {RowConditions.IsUnmet(e.Index)} THEN {SqlName.Literal(Cleaning.Reasons.UnmetExpectation(e.Item.Name))} END"));
        return $"SELECT _position, list_filter([{string.Join(", ", reasons)}], lambda reason: reason IS NOT NULL) FROM cleaned WHERE {conditions.AtFault}";
    }

    public string Firsts =>
        $"CREATE OR REPLACE TEMP TABLE firsts AS SELECT {_key} AS key, min(_position) AS _position FROM cleaned WHERE {conditions.Good} GROUP BY {_key}";

    /// <summary>Of <c>firsts</c>, the positions whose keys are in the key column of a table expression.</summary>
    public static string KnownIn(string relation, string key) => $"SELECT k._position FROM {relation} t JOIN firsts k ON k.key = t.{key}";

    /// <summary>Rows of keys that occurred before: in the batch, or in the table, which <paramref name="known"/> selects the first positions of.</summary>
    public string Duplicates(string? known) => $"""
        INSERT INTO duplicates
        SELECT c._position, CAST(c.{_key} AS VARCHAR)
        FROM cleaned c JOIN firsts f ON f.key = c.{_key}
        WHERE {conditions.Good} AND (c._position <> f._position{(known is null ? "" : $" OR f._position IN ({known})")})
        """;

    public string CleanRows(bool all) => all
        ? $"SELECT {Columns} FROM cleaned"
        : $"SELECT {Columns} FROM cleaned WHERE {conditions.Good} AND _position NOT IN (SELECT _position FROM duplicates)";

    /// <summary>The clean rows straight from the SQL: those that <see cref="Admission"/> lets through while they pass.</summary>
    /// <remarks>
    /// The condition is a column first: as a condition of <c>judged</c>, DuckDB would move it in front of the clean SQL's expressions and compute
    /// those it names a second time.
    /// </remarks>
    public string AdmittedRows =>
        $"SELECT {Columns} FROM (SELECT {Columns}, {Admission.Admits(_key, _keyType)} AS _admitted FROM judged) WHERE _admitted";

    /// <summary>Notes the keys of the table's rows.</summary>
    public string NoteKeys(string existing) => $"SELECT count(*) FROM {existing} WHERE {Admission.Notes(_key, _keyType)}";

    /// <summary>Rows for the table of quarantined records.</summary>
    public static string QuarantineRows(string path, string at) =>
        $"""SELECT {SqlName.Literal(path)} AS path, topic, partition, "offset", object, line, raw, reasons, {at} AS quarantined_at FROM quarantined""";

    /// <summary>Duplicates with where they came from.</summary>
    public const string PlacedDuplicates = """
        SELECT r.topic, r.partition, r."offset" + (d._position - r.first) AS "offset", r.object, r.line + (d._position - r.first) AS line, d.key
        FROM duplicates d ASOF JOIN runs r ON d._position >= r.first
        """;

    /// <summary>A row for each record of the batch save the omitted, with its place, verdict, key and reasons.</summary>
    public string VerdictRows(int count) => $"""
        SELECT r.topic, r.partition, r."offset" + (p.range - r.first) AS "offset", r.object, r.line + (p.range - r.first) AS line,
          CASE
            WHEN f._position IS NOT NULL THEN '{Replay.StillQuarantined}'
            WHEN d._position IS NOT NULL THEN '{Replay.Duplicate}'
            WHEN o._position IS NOT NULL THEN '{Replay.Dropped}'
            ELSE '{Replay.Clean}'
          END AS verdict,
          d.key, f.reasons
        FROM range({count}) p
        ASOF JOIN runs r ON p.range >= r.first
        LEFT JOIN faults f ON f._position = p.range
        LEFT JOIN duplicates d ON d._position = p.range
        LEFT JOIN ({DroppedRows}) o ON o._position = p.range
        WHERE f.omitted IS NOT TRUE
        """;

    /// <summary>Rows for the table of duplicates.</summary>
    public static string DuplicateRows(string path, string at) =>
        $"""SELECT {SqlName.Literal(path)} AS path, topic, partition, "offset", object, line, key, {at} AS found_at FROM ({PlacedDuplicates})""";
}
