using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Definition;

/// <summary>
/// Binds every statement of a pipeline in DuckDB against empty relations of the declared types, and compares the columns that
/// come out with the declared ones.
/// </summary>
internal sealed class PipelineBinding
{
    // Binding reads no row; DuckDB's own catalogue needs a few megabytes.
    private const long MemoryBytesMax = 256L << 20;

    private readonly string _file;
    private readonly FaultList _faults;
    private readonly DuckDBConnection _connection;

    private PipelineBinding(string file, FaultList faults, DuckDBConnection connection)
    {
        _file = file;
        _faults = faults;
        _connection = connection;
    }

    /// <summary>Judges the datasets and questions in <paramref name="sound"/>, as far as what they read is sound too.</summary>
    public static void Check(string file, PipelineDefinition definition, IReadOnlySet<object> sound, FaultList faults)
    {
        using var duckDb = DuckDb.Open(new DuckDbOptions(TempDirectory: null, MemoryBytesMax, Threads: 1));
        using var connection = duckDb.Connect();
        var binding = new PipelineBinding(file, faults, connection);
        connection.Execute("CREATE SCHEMA declared");
        var datasets = definition.Datasets.Where(sound.Contains).ToList();
        var questions = definition.Questions.Where(sound.Contains).ToList();
        HashSet<string> names = [.. datasets.Select(d => d.Name), .. questions.Select(q => q.Name)];
        foreach (var dataset in datasets) binding.Clean(dataset);
        foreach (var question in questions) binding.Declare(question.Name, question.Columns);
        foreach (var question in questions.Where(q => q.Sql.Reads.All(names.Contains))) binding.Answer(question);
    }

    private void Clean(Dataset dataset)
    {
        Declare(dataset.Name, dataset.Columns);
        foreach (var check in dataset.Checks) Condition(dataset, $"check '{check.Name}'", check.Sql, check.Line);
        foreach (var expectation in dataset.Expectations) Condition(dataset, $"expectation '{expectation.Name}'", expectation.Sql, expectation.Line);

        var fields = dataset.Raw.Select(f => $"{SqlName.Quote(f.Name)} {f.Type}").Append("_position BIGINT");
        _connection.Execute($"CREATE OR REPLACE TEMP TABLE source ({string.Join(", ", fields)})");
        if (Columns(dataset.Clean) is not { } columns) return;
        if (!columns.Contains(new SqlColumn("_position", "BIGINT")))
            _faults.Add(dataset.Clean.Path, dataset.Clean.FirstLine, "the result lacks the column _position; pass the source's through unchanged");
        Compare(dataset.Clean, [.. columns.Where(c => c.Name != "_position")], dataset.Columns);
    }

    /// <summary>A condition is asked of one row at a time, as in a WHERE, which refuses aggregates and window functions.</summary>
    private void Condition(Dataset dataset, string what, string sql, int line)
    {
        try
        {
            var condition = new SqlStatement($"FROM declared.{SqlName.Quote(dataset.Name)} SELECT ({sql}\n) WHERE ({sql}\n)", _file, line);
            if (_connection.Describe(condition) is [{ Type: var type }] && type != "BOOLEAN")
                _faults.Add(_file, line, $"{what} of '{dataset.Name}' is of type {type}; write a condition, which is true or false");
        }
        catch (SqlException e)
        {
            _faults.Add(_file, line, $"{what} of '{dataset.Name}': {e.Reason}");
        }
    }

    private void Answer(Question question)
    {
        // A schema of its own holds what the header says is read, so that a relation it does not name is not found.
        var schema = SqlName.Quote($"reads of {question.Name}");
        _connection.Execute($"CREATE SCHEMA {schema}");
        foreach (var read in question.Sql.Reads.Distinct())
            _connection.Execute($"CREATE VIEW {schema}.{SqlName.Quote(read)} AS FROM declared.{SqlName.Quote(read)}");
        _connection.Execute($"SET search_path = {SqlName.Literal(schema)}");
        if (Columns(question.Sql) is { } columns) Compare(question.Sql, columns, question.Columns);
        _connection.Execute("RESET search_path");
    }

    private void Declare(string name, IReadOnlyList<CleanColumn> columns)
    {
        var list = columns.Select(c => $"{SqlName.Quote(c.Name)} {c.Type}");
        _connection.Execute($"CREATE TABLE declared.{SqlName.Quote(name)} ({string.Join(", ", list)})");
    }

    private IReadOnlyList<SqlColumn>? Columns(SqlFile sql)
    {
        try
        {
            return _connection.Describe(sql.Statement);
        }
        catch (SqlException e)
        {
            _faults.Add(sql.Path, e.Line ?? sql.FirstLine, $"{e.Reason} (the header reads {string.Join(", ", sql.Reads)})");
            return null;
        }
    }

    private void Compare(SqlFile sql, IReadOnlyList<SqlColumn> actual, IReadOnlyList<CleanColumn> declared)
    {
        if (actual.Select(c => c.Name).SequenceEqual(declared.Select(c => c.Name)))
        {
            foreach (var ((name, type), column) in actual.Zip(declared))
            {
                if (type != column.Type)
                    _faults.Add(sql.Path, sql.FirstLine, $"column '{name}' of the result is {type}, and {_file} declares {column.Type}");
            }

            return;
        }

        _faults.Add(
            sql.Path,
            sql.FirstLine,
            $"the result's columns are ({string.Join(", ", actual.Select(c => c.Name))}), "
                + $"and {_file} declares ({string.Join(", ", declared.Select(c => c.Name))})");
    }
}
