using Sluice.Objects;

namespace Sluice.Tables;

/// <summary>The <c>_delta_log</c> of a table in the object store.</summary>
internal sealed class TableLog(IObjectStore objects, TableName table)
{
    public string Root { get; } = $"{table.Namespace}/{table.Name}/";

    public string Prefix { get; } = $"{table.Namespace}/{table.Name}/_delta_log/";

    public ObjectKey Key(string name) => new(Prefix + name);

    /// <summary>The actions of a commit; null when there is no such version.</summary>
    public async ValueTask<List<ILogAction>?> ReadCommitAsync(long version, CancellationToken cancel)
    {
        var name = LogFile.CommitName(version);
        if (await objects.GetAsync(Key(name), cancel) is not { } content) return null;
        return Parse(name, content);
    }

    public async ValueTask<List<ILogAction>> ReadJsonAsync(string name, CancellationToken cancel) =>
        await objects.GetAsync(Key(name), cancel) is { } content
            ? Parse(name, content)
            : throw new TableFormatException(table, $"{name} vanished while the log was read: was it cleaned up meanwhile?");

    /// <summary>Names of the log's files, those before a version left out.</summary>
    public async ValueTask<List<string>> ListAsync(long from, CancellationToken cancel)
    {
        var names = new List<string>();
        // Names begin with the version, and '-' sorts before '.': nothing of this version is passed over.
        ObjectKey? after = from > 0 ? Key(LogFile.CommitName(from)[..20] + "-") : null;
        await foreach (var item in objects.ListAsync(Prefix, after, cancel)) names.Add(item.Key.Value[Prefix.Length..]);
        return names;
    }

    public async ValueTask<long?> ReadHintAsync(CancellationToken cancel) =>
        await objects.GetAsync(Key(LastCheckpoint.Name), cancel) is { } content ? LastCheckpoint.Parse(content) : null;

    public ValueTask<bool> PutCommitAsync(long version, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        objects.PutIfAbsentAsync(Key(LogFile.CommitName(version)), content, cancel);

    private List<ILogAction> Parse(string name, ReadOnlyMemory<byte> content)
    {
        var actions = new List<ILogAction>();
        try
        {
            ActionReader.ReadLines(content.Span, actions);
        }
        catch (LogFormatException e)
        {
            throw new TableFormatException(table, $"{name}: {e.Message}", e);
        }

        return actions;
    }
}
