using System.Globalization;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Sluice.Cleaning.Quality;
using Sluice.Cleaning.Raw;
using Sluice.Definition;
using Sluice.Sql;

namespace Sluice.Cleaning.Judging;

/// <summary>
/// The engine: one DuckDB instance set up for one dataset, which takes batch after batch of raw records, from whatever origin, and
/// says of each record whether it is a clean row, at fault, or a duplicate. Its results are relations for the tables to store.
/// </summary>
internal sealed partial class CleaningSession : IDisposable
{
    private readonly Dataset _dataset;
    private readonly RowConditions _conditions;
    private readonly JudgeSql _sql;
    private readonly DuckDb _duckDb;
    private readonly DuckDBConnection _connection;
    private readonly RawRelation _raw;
    private readonly Admission _admission;
    private readonly SortedDictionary<int, IReadOnlyList<string>> _faults = [];
    private bool _allGood;

    private CleaningSession(Dataset dataset, CleaningOptions options)
    {
        _dataset = dataset;
        _conditions = new RowConditions(dataset);
        _sql = new JudgeSql(dataset, _conditions);
        Tally = new Tally(dataset.Expectations.Count);
        _duckDb = DuckDb.Open(new DuckDbOptions(options.TempDirectory, options.MemoryBytesMax, options.Threads) { PreserveInsertionOrder = false });
        _connection = _duckDb.Connect();
        _raw = new RawRelation(_connection, JudgeSql.RawFunction, dataset.Raw, options.Threads);
        _admission = new Admission(_connection, _conditions);
    }

    /// <summary>Temporary tables are this connection's own, so whoever stores a result does it here.</summary>
    public DuckDBConnection Connection => _connection;

    /// <summary>Reasons of the last batch's quarantined records, by ordinal.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<string>> Faults => _faults;

    /// <summary>What the expectations said of the last batch.</summary>
    public Tally Tally { get; private set; }

    /// <summary>Ordinals of the last batch's records that an expectation leaves out.</summary>
    public IReadOnlyList<int> Dropped { get; private set; } = [];

    /// <exception cref="SqlException">The clean SQL, a check or an expectation does not bind.</exception>
    public static CleaningSession Open(Dataset dataset, CleaningOptions options)
    {
        var session = new CleaningSession(dataset, options);
        try
        {
            session._connection.Execute(session._sql.Source);
            session._connection.Execute(session._sql.Result);
            session._connection.Execute(session._sql.Judged);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        _duckDb.Dispose();
        // The functions are gone with the instance, so nothing calls them any more.
        _raw.Dispose();
        _admission.Dispose();
    }

    /// <summary>
    /// Judges the batch, leaving out <paramref name="decided"/>. The results stay until the next batch.
    /// </summary>
    /// <param name="known">Called once the relation <c>firsts</c> is there: <see cref="KnownKeys.FindAsync"/>.</param>
    /// <exception cref="SqlException">The SQL fails for a reason that is not in the records.</exception>
    /// <exception cref="CleanSqlException">The SQL's result is no cleaning: too many records fail in it, or positions are not the source's.</exception>
    public Task<Verdicts> JudgeAsync(
        RawBatch batch, IReadOnlySet<int> decided, Func<CancellationToken, ValueTask<string?>> known, CancellationToken cancel) =>
        _duckDb.RetryWithFewerThreadsAsync(token => JudgeOnceAsync(batch, decided, known, token), cancel);

    /// <summary>The clean rows of the last batch, in the table's columns.</summary>
    public string CleanRows => _sql.CleanRows(_allGood);

    /// <summary>The last batch's records at fault, as rows of the quarantine table.</summary>
    public async Task<string> QuarantineRowsAsync(RawBatch batch, string path, DateTimeOffset now, CancellationToken cancel)
    {
        await Task.Run(() => AppendFaults(batch), cancel);
        return JudgeSql.QuarantineRows(path, Timestamp(now));
    }

    /// <summary>The last batch's duplicates, as rows of their table.</summary>
    public async Task<string> DuplicateRowsAsync(RawBatch batch, string path, DateTimeOffset now, CancellationToken cancel)
    {
        await PlaceAsync(batch, cancel);
        return JudgeSql.DuplicateRows(path, Timestamp(now));
    }

    /// <summary>Makes the relation <see cref="JudgeSql.PlacedDuplicates"/> readable for the last batch.</summary>
    public Task PlaceAsync(RawBatch batch, CancellationToken cancel) => Task.Run(() => AppendRuns(batch), cancel);

    /// <summary>
    /// The last batch's verdicts with their places, as columns topic, partition, offset, object, line, verdict, key, reasons; without
    /// <paramref name="omitted"/>. <see cref="PlaceAsync"/> has been called.
    /// </summary>
    public string VerdictRows(int count, IReadOnlySet<int> omitted)
    {
        using (var appender = _connection.CreateAppender("temp", "main", "faults"))
        {
            foreach (var (ordinal, reasons) in _faults)
                appender.CreateRow().AppendValue((long)ordinal).AppendValue(reasons).AppendValue(omitted.Contains(ordinal)).EndRow();
        }

        return _sql.VerdictRows(count);
    }

    public static string Timestamp(DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"TIMESTAMPTZ '{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'");

    private async Task<Verdicts> JudgeOnceAsync(
        RawBatch batch, IReadOnlySet<int> decided, Func<CancellationToken, ValueTask<string?>> known, CancellationToken cancel)
    {
        _faults.Clear();
        _raw.ForgetFaults();
        await _connection.ExecuteAsync(JudgeSql.EmptyTables, cancel);
        await FillAsync(batch, 0, batch.Count, decided, cancel);
        foreach (var (ordinal, reasons) in _raw.Faults) _faults[ordinal] = reasons;

        var counted = await CountAsync(cancel);
        if (!IsOneToOne(counted, batch.Count, decided))
        {
            _raw.Show(batch, 0, batch.Count, decided);
            await MakeOneToOneAsync(cancel);
            counted = await CountAsync(cancel);
        }

        if (counted.Good < counted.Rows) await AddReasonsAsync(cancel);
        var duplicates = await FindDuplicatesAsync(counted.Good, known, cancel);
        _allGood = counted.Good == counted.Rows && duplicates == 0;
        Tally = counted.Tally;
        Dropped = _conditions.Drops && counted.Good < counted.Rows
            ? await _connection.ReadAsync(_sql.DroppedRows, row => (int)row.GetInt64(0), cancel)
            : [];
        return new Verdicts(counted.Good - duplicates, _faults.Count, duplicates) { Dropped = Dropped.Count };
    }

    /// <summary>A record of the last batch as the clean SQL makes it, with its place.</summary>
    public async Task<string> ExampleAsync(RawBatch batch, int ordinal, CancellationToken cancel)
    {
        _raw.Show(batch, [ordinal]);
        var row = (await _connection.ReadAsync(_sql.RowsAsJson, r => r.GetString(0), cancel))[0];
        var (topic, partition, offset, source, line) = batch.PlaceOf(ordinal);
        var text = row.Length > CleaningLimits.ExampleCharsMax ? row[..CleaningLimits.ExampleCharsMax] + "..." : row;
        var from = source is null ? "" : string.Create(CultureInfo.InvariantCulture, $" (line {line} of {source})");
        return string.Create(CultureInfo.InvariantCulture, $"{text} at offset {offset} of {topic}-{partition}{from}");
    }

    /// <summary>Whether the result has each position of the source once: as many rows, all distinct, with the same sum.</summary>
    private bool IsOneToOne(in Counted counted, int records, IReadOnlySet<int> decided)
    {
        var expected = (long)records - decided.Count - _faults.Count;
        var sum = ((long)records * (records - 1) / 2) - decided.Sum(ordinal => (long)ordinal) - _faults.Keys.Sum(ordinal => (long)ordinal);
        return counted.Rows == expected && counted.Positions == expected && counted.Sum == sum;
    }

    /// <summary>
    /// Runs the clean SQL over a part of the batch. When a record makes it fail, the parts around are run by halves, until that
    /// record is alone and its failure is its reason.
    /// </summary>
    private async Task FillAsync(RawBatch batch, int from, int to, IReadOnlySet<int> decided, CancellationToken cancel)
    {
        if (from >= to) return;
        _raw.Show(batch, from, to, decided);
        try
        {
            await _connection.ExecuteAsync(JudgeSql.Fill, cancel);
            return;
        }
        catch (SqlException e) when (IsOfARecord(e))
        {
            _raw.ThrowIfFailed();
            if (to - from == 1)
            {
                _faults[from] = [Reasons.CleaningFailed(e.Reason)];
                if (_faults.Count <= CleaningLimits.FailingRecordsMax) return;
                throw new CleanSqlException(
                    _dataset, $"fails for more than {CleaningLimits.FailingRecordsMax} records of one batch, the last time with: {e.Reason}");
            }
        }

        var middle = from + ((to - from) / 2);
        await FillAsync(batch, from, middle, decided, cancel);
        await FillAsync(batch, middle, to, decided, cancel);
    }

    private static bool IsOfARecord(SqlException failure) => failure.InnerException is DuckDBException
    {
        ErrorType: DuckDBErrorType.Conversion or DuckDBErrorType.OutOfRange or DuckDBErrorType.InvalidInput or DuckDBErrorType.Decimal
            or DuckDBErrorType.DivideByZero or DuckDBErrorType.MismatchType or DuckDBErrorType.InvalidType or DuckDBErrorType.ObjectSize,
    };

    private async Task<Counted> CountAsync(CancellationToken cancel) => (await _connection.ReadAsync(_sql.Count, ReadCounted, cancel))[0];

    private Counted ReadCounted(DuckDBDataReader row)
    {
        var tally = new Tally(_dataset.Expectations.Count);
        tally.AddJudged(row.GetInt64(4));
        for (var at = 0; at < _dataset.Expectations.Count; at++)
        {
            if (row.GetInt64(5 + (2 * at)) is > 0 and var failed) tally.Fail(at, failed, (int)row.GetInt64(6 + (2 * at)));
        }

        return new Counted(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), tally);
    }

    /// <summary>The SQL must make one row of each record. Where it makes none or several, the record is at fault.</summary>
    private async Task MakeOneToOneAsync(CancellationToken cancel)
    {
        if ((await _connection.ReadAsync(JudgeSql.Foreign, row => row.GetInt64(0), cancel))[0] > 0)
            throw new CleanSqlException(_dataset, "gives a _position that is not of its source: pass the source's column through unchanged");

        foreach (var ordinal in await _connection.ReadAsync(JudgeSql.Doubled, row => (int)row.GetInt64(0), cancel))
            _faults[ordinal] = [Reasons.SeveralRows];
        await _connection.ExecuteAsync(JudgeSql.DeleteDoubled, cancel);
        foreach (var ordinal in await _connection.ReadAsync(JudgeSql.Missing, row => (int)row.GetInt64(0), cancel))
            _faults.TryAdd(ordinal, [Reasons.NoRow]);
    }

    private async Task AddReasonsAsync(CancellationToken cancel)
    {
        using var rows = await _connection.SelectAsync(_sql.Reasons(), cancel);
        await foreach (var (ordinal, reasons) in rows.ReadAsync(row => ((int)row.GetInt64(0), row.GetFieldValue<List<string>>(1)), cancel))
            _faults[ordinal] = reasons;
    }

    private async Task<long> FindDuplicatesAsync(long good, Func<CancellationToken, ValueTask<string?>> known, CancellationToken cancel)
    {
        await _connection.ExecuteAsync(_sql.Firsts, cancel);
        var firsts = (await _connection.ReadAsync("SELECT count(*) FROM firsts", row => row.GetInt64(0), cancel))[0];
        var inTable = await known(cancel);
        return firsts == good && inTable is null ? 0 : await _connection.ExecuteAsync(_sql.Duplicates(inTable), cancel);
    }

    private void AppendFaults(RawBatch batch)
    {
        using var appender = _connection.CreateAppender("temp", "main", "quarantined");
        foreach (var (ordinal, reasons) in _faults)
        {
            var place = batch.PlaceOf(ordinal);
            appender.CreateRow()
                .AppendValue(place.Topic).AppendValue(place.Partition).AppendValue(place.Offset)
                .AppendValue(place.Object).AppendValue(place.Line)
                .AppendValue(RawText.Of(batch[ordinal].Span)).AppendValue(reasons)
                .EndRow();
        }
    }

    private void AppendRuns(RawBatch batch)
    {
        using var appender = _connection.CreateAppender("temp", "main", "runs");
        foreach (var run in batch.Runs)
        {
            appender.CreateRow()
                .AppendValue((long)run.FirstOrdinal).AppendValue(run.First.Topic).AppendValue(run.First.Partition)
                .AppendValue(run.First.Offset).AppendValue(run.First.Object).AppendValue(run.First.Line)
                .EndRow();
        }
    }

    /// <summary>What is counted of the relation <c>cleaned</c>.</summary>
    private readonly record struct Counted(long Rows, long Positions, long Sum, long Good, Tally Tally);
}
