using System.Text.Json;

namespace Sluice.Tables;

/// <summary>
/// Holds a table against the Delta protocol, rule by rule: every retained commit, every checkpoint and checksum against a replay of the
/// commits, and the live files against what the log says of them.
/// </summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md</remarks>
public sealed class TableLint
{
    private readonly TableCatalog _catalog;
    private readonly TableName _table;
    private readonly TableLog _log;
    private readonly LintReport _report = new();
    private readonly CheckpointReader _checkpoints;

    private TableLint(TableCatalog catalog, TableName table)
    {
        _catalog = catalog;
        _table = table;
        _log = new TableLog(catalog.Objects, table);
        _checkpoints = new CheckpointReader(table, _log, catalog.Objects, catalog.DuckDb);
    }

    /// <summary>The breaches found, in the order of the log; none for a table that is as the protocol wants it.</summary>
    public static Task<IReadOnlyList<LintBreach>> CheckAsync(DeltaTable table, CancellationToken cancel) => CheckAsync(table, new LintOptions(), cancel);

    /// <inheritdoc cref="CheckAsync(DeltaTable, CancellationToken)"/>
    public static async Task<IReadOnlyList<LintBreach>> CheckAsync(DeltaTable table, LintOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(options);
        var lint = new TableLint(table.Catalog, table.Name);
        await lint.RunAsync(options, cancel);
        return lint._report.Breaches;
    }

    private async Task RunAsync(LintOptions options, CancellationToken cancel)
    {
        var names = await _log.ListAsync(0, cancel);
        var files = names.Select(LogFile.Parse).OfType<LogFile>().ToList();
        var commits = files.Where(f => f.Kind == LogFileKind.Commit).Select(f => f.Version).Order().ToList();
        var checkpoints = files.Where(f => f.Kind is not LogFileKind.Commit and not LogFileKind.Compaction).Select(f => f.Version).Distinct().Order().ToList();
        for (var i = 1; i < commits.Count; i++)
            _report.Require(commits[i] == commits[i - 1] + 1, "Delta Log Entries", _log.Prefix, $"version {commits[i]} follows {commits[i - 1]}");
        if (await StartAsync(names, commits, checkpoints, cancel) is not { } state) return;
        var compactions = files.Where(f => f.Kind == LogFileKind.Compaction).ToLookup(f => f.Version);
        var compacted = new List<TableState>();
        foreach (var version in commits.Where(v => v > state.Version).ToList())
        {
            foreach (var compaction in compactions[version]) compacted.AddRange(await CompactedAsync(compaction, state, cancel));
            if (await CommitAsync(version, state, cancel) is not { } next) return;
            state = next;
            foreach (var held in compacted.Where(s => s.Version == version)) Compare("Log Compaction Files", $"compaction up to version {version}", held, state);
            if (checkpoints.Contains(version)) await CheckpointAsync(names, state, cancel);
            if (names.Contains(LogFile.ChecksumName(version))) await ChecksumAsync(state, cancel);
        }

        await CheckHintAsync(checkpoints, cancel);
        await DataAsync(new Snapshot(state), options, cancel);
    }

    /// <summary>What the commits are replayed upon: nothing, or the eldest checkpoint where the first commits are cleaned up.</summary>
    private async Task<TableState?> StartAsync(List<string> names, List<long> commits, List<long> checkpoints, CancellationToken cancel)
    {
        if (commits is [0, ..]) return TableState.Empty;
        foreach (var version in checkpoints)
        {
            if (await LoadAsync(names, version, cancel) is { } state) return state;
        }

        _report.Add("Delta Log Entries", _log.Prefix, "version 0 is missing, and no checkpoint stands for it");
        return null;
    }

    private async Task<TableState?> CommitAsync(long version, TableState before, CancellationToken cancel)
    {
        var place = LogFile.CommitName(version);
        var content = await _catalog.Objects.GetAsync(_log.Key(place), cancel) ?? ReadOnlyMemory<byte>.Empty;
        if (!CommitLint.CheckText(_report, place, content.Span)) return null;
        try
        {
            var actions = new List<ILogAction>();
            ActionReader.ReadLines(content.Span, actions);
            CommitLint.CheckActions(_report, place, actions);
            var replay = new LogReplay(before);
            replay.ApplyCommit(version, actions);
            var after = replay.Build();
            StateLint.CheckCommit(_report, place, actions, before, after);
            return after;
        }
        catch (LogFormatException e)
        {
            _report.Add("Actions", place, e.Message);
            return null;
        }
    }

    /// <summary>A checkpoint holds what the commits up to it leave; expired removes may be absent.</summary>
    private async Task CheckpointAsync(List<string> names, TableState state, CancellationToken cancel)
    {
        if (await LoadAsync(names, state.Version, cancel) is { } held) Compare("Checkpoints", $"checkpoint of version {state.Version}", held, state);
    }

    /// <summary>A compaction leaves what its commits leave; none for one that cannot be read.</summary>
    private async Task<IEnumerable<TableState>> CompactedAsync(LogFile compaction, TableState before, CancellationToken cancel)
    {
        try
        {
            var replay = new LogReplay(before);
            replay.ApplyCompaction(compaction, await _log.ReadJsonAsync(compaction.Name, cancel));
            return [replay.Build()];
        }
        catch (Exception e) when (e is TableFormatException or LogFormatException)
        {
            _report.Add("Log Compaction Files", compaction.Name, e.Message);
            return [];
        }
    }

    private void Compare(string section, string place, TableState held, TableState state)
    {
        var (own, wanted) = (held.Protocol!, state.Protocol!);
        var same = own.MinReaderVersion == wanted.MinReaderVersion && own.MinWriterVersion == wanted.MinWriterVersion;
        _report.Require(same && ProtocolNeeds.Names(own).ToHashSet().SetEquals(ProtocolNeeds.Names(wanted)), section, place, "it holds another protocol");
        _report.Require(held.Metadata!.Id == state.Metadata!.Id && held.Metadata.SchemaString == state.Metadata.SchemaString, section, place, "it holds other metadata");
        var (has, wants) = (held.Files.Select(FileKey.Of).ToHashSet(), state.Files.Select(FileKey.Of).ToHashSet());
        _report.Require(has.SetEquals(wants), section, place, $"it holds {has.Except(wants).Count()} files too many and lacks {wants.Except(has).Count()}");
        _report.Require(held.FileBytes == state.FileBytes, section, place, $"its files have {held.FileBytes} bytes, those of the commits {state.FileBytes}");
        _report.Require(held.Tombstones.Select(FileKey.Of).All(k => state.Tombstones.TryGet(k, out _)), section, place, "it holds removes that no commit made");
        _report.Require(
            held.Transactions.Count == state.Transactions.Count && held.Transactions.All(t => state.Transactions.TryGet(t.AppId, out var last) && last.Version == t.Version),
            section, place, "it holds other transaction identifiers");
        _report.Require(held.Domains.Count == state.Domains.Count, section, place, "it holds other domain metadata");
    }

    private async Task<TableState?> LoadAsync(List<string> names, long version, CancellationToken cancel)
    {
        var place = $"checkpoint of version {version}";
        var only = names.Where(n => LogFile.Parse(n) is { } file && file.Version == version && file.Kind is not LogFileKind.Commit and not LogFileKind.Compaction);
        // Parts of which some are missing are no checkpoint, and readers pass over them.
        if (LogSegment.Find(only, version, out _) is not { } segment) return null;
        try
        {
            var replay = new LogReplay(TableState.Empty);
            await _checkpoints.ReadAsync(segment, replay, cancel);
            return replay.Build();
        }
        catch (Exception e) when (e is TableFormatException or LogFormatException)
        {
            _report.Add("Checkpoints", place, e.Message);
            return null;
        }
    }

    private async Task ChecksumAsync(TableState state, CancellationToken cancel)
    {
        const string Section = "Version Checksum File";
        var place = LogFile.ChecksumName(state.Version);
        try
        {
            using var document = JsonDocument.Parse(await _catalog.Objects.GetAsync(_log.Key(place), cancel) ?? ReadOnlyMemory<byte>.Empty);
            Number("tableSizeBytes", state.Files.Sum(f => f.Size));
            Number("numFiles", state.Files.Count);
            Number("numMetadata", 1);
            Number("numProtocol", 1);
            if (state.LastCommit?.InCommitTimestamp is { } time) Number("inCommitTimestampOpt", time);
            foreach (var name in new[] { "metadata", "protocol" }) _report.Require(document.RootElement.TryGetProperty(name, out _), Section, place, $"it lacks '{name}'");

            void Number(string name, long wanted)
            {
                var found = document.RootElement.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : (long?)null;
                _report.Require(found == wanted, Section, place, $"{name} is {found?.ToString(null, null) ?? "missing"}, and a recomputation gives {wanted}");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            _report.Add(Section, place, $"it is no checksum: {e.Message}");
        }
    }

    private async Task CheckHintAsync(List<long> checkpoints, CancellationToken cancel)
    {
        if (await _log.ReadHintAsync(cancel) is not { } hint) return;
        _report.Require(checkpoints.Contains(hint), "Last Checkpoint File", LastCheckpoint.Name, $"it names version {hint}, which has no checkpoint");
    }

    private async Task DataAsync(Snapshot snapshot, LintOptions options, CancellationToken cancel)
    {
        if (Features.ReadFault(snapshot.Protocol) is { } fault)
        {
            _report.Add("Table Features", $"version {snapshot.Version}", $"the files are not looked at: {fault}");
            return;
        }

        await new DataLint(_catalog, _table, _log, new RelationReader(_catalog.Objects, _table, _log), _report).CheckAsync(snapshot, options, cancel);
    }
}
