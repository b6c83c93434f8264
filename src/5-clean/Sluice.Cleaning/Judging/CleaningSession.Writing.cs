using Sluice.Cleaning.Raw;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning.Judging;

/// <summary>Judging and writing in one scan.</summary>
internal sealed partial class CleaningSession
{
    /// <summary>Version of the clean table whose keys <see cref="_admission"/> knows; null for none.</summary>
    private long? _keysVersion;

    /// <summary>Whether the last batch went through <see cref="_admission"/>, so that its keys are at hand.</summary>
    private bool _admitted;

    private bool _tooManyKeys;

    /// <summary>
    /// Judges the batch while its rows are written as files of the table: no row is kept in between, which saves a quarter of the time.
    /// What is not admitted at once (rows at fault, and rows of keys that seem to have occurred) is judged again by itself. Null
    /// when the outcome is not certain, because the SQL failed or gave other rows than records, or because the first row of a key came after
    /// a later one: then <see cref="JudgeAsync"/> decides, and the files belong to nothing.
    /// </summary>
    /// <param name="clean">The table that takes the rows, and holds the keys they must not repeat.</param>
    /// <param name="known">As for <see cref="JudgeAsync"/>.</param>
    public async Task<WrittenBatch?> WriteAsync(
        RawBatch batch, IReadOnlySet<int> decided, (DeltaTable Table, Snapshot Snapshot) clean,
        Func<CancellationToken, ValueTask<string?>> known, CancellationToken cancel)
    {
        _admitted = false;
        if (_tooManyKeys) return null;
        _faults.Clear();
        _raw.ForgetFaults();
        try
        {
            await NoteKeysAsync(clean.Table, clean.Snapshot, cancel);
            if (_tooManyKeys) return null;
            await _connection.ExecuteAsync(JudgeSql.EmptyTables, cancel);
            _admission.Begin(batch.Count);
            _raw.Show(batch, 0, batch.Count, decided);
            var files = await clean.Table.WriteFilesAsync(_connection, _sql.AdmittedRows, cancel);
            foreach (var (ordinal, reasons) in _raw.Faults) _faults[ordinal] = reasons;
            _admitted = _admission.Seen == batch.Count - decided.Count - _faults.Count && await SettleAsync(batch, known, cancel);
            if (_admitted)
            {
                (Tally, Dropped) = (_admission.Tally, _admission.Dropped);
                return new WrittenBatch(
                    new Verdicts(_admission.Admitted, _faults.Count, _admission.HeldBack.Count) { Dropped = Dropped.Count }, files);
            }
        }
        catch (SqlException e) when (IsOfARecord(e) || e.OutOfMemory)
        {
            _raw.ThrowIfFailed();
            _admission.ThrowIfFailed();
        }

        _keysVersion = null;
        return null;
    }

    /// <summary>The last batch was committed as this version of the table it was held against.</summary>
    public void Committed(long version)
    {
        if (!_admitted) return;
        _admission.Keep();
        // A commit is rebased over rows that others inserted without looking at the table's: their keys are known to none.
        _keysVersion = version == _keysVersion + 1 ? version : null;
        LimitKeys();
    }

    private async Task NoteKeysAsync(DeltaTable table, Snapshot snapshot, CancellationToken cancel)
    {
        if (_keysVersion == snapshot.Version) return;
        _admission.ForgetKeys();
        _keysVersion = null;
        if (snapshot.Files.Count > 0)
            await _connection.ReadAsync(_sql.NoteKeys(await table.RelationAsync(snapshot, cancel)), row => row.GetInt64(0), cancel);
        _keysVersion = snapshot.Version;
        LimitKeys();
    }

    private void LimitKeys()
    {
        _tooManyKeys = _admission.KnownKeys > CleaningLimits.KnownKeysMax;
        if (_tooManyKeys) _admission.ForgetKeys();
    }

    /// <summary>Judges what was not admitted; false when it turns out to be anything else than rows at fault and later rows of their keys.</summary>
    private async Task<bool> SettleAsync(RawBatch batch, Func<CancellationToken, ValueTask<string?>> known, CancellationToken cancel)
    {
        var (atFault, heldBack) = (_admission.AtFault, _admission.HeldBack);
        if (atFault.Count + heldBack.Count == 0) return true;
        int[] doubtful = [.. atFault.Concat(heldBack.Select(row => row.Position)).Concat(heldBack.Select(row => row.Before).OfType<int>()).Distinct().Order()];
        _raw.Show(batch, doubtful);
        await _connection.ExecuteAsync(JudgeSql.Fill, cancel);
        var counted = await CountAsync(cancel);
        if (counted.Rows != doubtful.Length || counted.Positions != doubtful.Length || counted.Rows - counted.Good != atFault.Count) return false;
        if (atFault.Count > 0) await AddReasonsAsync(cancel);
        if (!atFault.All(_faults.ContainsKey)) return false;
        if (heldBack.Count == 0) return true;
        if (await FindDuplicatesAsync(counted.Good, known, cancel) != heldBack.Count) return false;
        var duplicates = await _connection.ReadAsync("SELECT _position FROM duplicates", row => (int)row.GetInt64(0), cancel);
        return heldBack.All(row => duplicates.Contains(row.Position));
    }
}

/// <summary>A batch whose clean rows are in files, and what became of its records.</summary>
internal sealed record WrittenBatch(Verdicts Verdicts, IReadOnlyList<AddFile> Files);
