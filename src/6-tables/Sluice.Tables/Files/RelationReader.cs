using Sluice.Objects;

namespace Sluice.Tables;

/// <summary>Finds a snapshot's files on this machine, and the rows that its deletion vectors hide.</summary>
internal sealed class RelationReader(IObjectStore objects, TableName table, TableLog log)
{
    /// <summary>What a row takes in a file whose statistics do not say how many it has: the order of magnitude is enough to plan by.</summary>
    private const int RowBytes = 64;

    /// <param name="adds">All of the snapshot's files, or some.</param>
    public Task<string> SqlAsync(Snapshot snapshot, IReadOnlyCollection<AddFile> adds, CancellationToken cancel) =>
        SqlAsync(snapshot, adds, Relation.Sql, cancel);

    /// <summary>As <see cref="SqlAsync(Snapshot, IReadOnlyCollection{AddFile}, CancellationToken)"/>, with the place of each row.</summary>
    public Task<string> PlacesAsync(Snapshot snapshot, IReadOnlyCollection<AddFile> adds, CancellationToken cancel) =>
        SqlAsync(snapshot, adds, Relation.Places, cancel);

    /// <summary>Numbers of the rows of a file that its deletion vector hides, in order.</summary>
    public async Task<IReadOnlyList<long>> DeletedRowsAsync(AddFile add, CancellationToken cancel)
    {
        if (add.DeletionVector is not { } vector) return [];
        try
        {
            if (DeletionVectorFormat.IsInline(vector)) return DeletionVectorFormat.ReadInline(vector);
            var path = DeletionVectorFormat.FilePath(vector);
            var framed = await ReadAsync(path, vector.Offset ?? 0, vector.SizeInBytes + DeletionVectorFormat.Frame, cancel)
                ?? throw new LogFormatException($"{path} is missing");
            return DeletionVectorFormat.ReadFramed(vector, framed.Span);
        }
        catch (LogFormatException e)
        {
            throw new TableFormatException(table, $"deletion vector of {add.Path}: {e.Message}", e);
        }
    }

    private async Task<string> SqlAsync(
        Snapshot snapshot, IReadOnlyCollection<AddFile> adds, Func<Snapshot, IReadOnlyList<LocalFile>, string> sql, CancellationToken cancel)
    {
        var files = new List<LocalFile>(adds.Count);
        foreach (var add in adds)
        {
            var path = await LocalPathAsync(DataPath.Canonical(add.Path), cancel)
                ?? throw new TableFormatException(table, $"data file {add.Path} of version {snapshot.Version} is missing");
            files.Add(new LocalFile(path, add.PartitionValues, await DeletedRowsAsync(add, cancel), Rows(add)));
        }

        try
        {
            return sql(snapshot, files);
        }
        catch (LogFormatException e)
        {
            throw new TableFormatException(table, e.Message, e);
        }
    }

    private static long Rows(AddFile add) => FileStats.RowCount(add.StatsText) ?? (add.Size / RowBytes);

    private async ValueTask<string?> LocalPathAsync(string canonical, CancellationToken cancel)
    {
        if (!DataPath.IsAbsolute(canonical)) return await objects.GetFileAsync(Key(canonical), cancel);
        return File.Exists(LocalOnly(canonical)) ? canonical : null;
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string canonical, long start, int length, CancellationToken cancel)
    {
        if (!DataPath.IsAbsolute(canonical)) return await objects.GetRangeAsync(Key(canonical), start, length, cancel);
        if (!File.Exists(LocalOnly(canonical))) return null;
        using var file = File.OpenHandle(canonical);
        var bytes = new byte[length];
        return bytes.AsMemory(0, await RandomAccess.ReadAsync(file, bytes, start, cancel));
    }

    private ObjectKey Key(string canonical)
    {
        try
        {
            return new ObjectKey(log.Root + canonical);
        }
        catch (ArgumentException e)
        {
            throw new TableFormatException(table, $"the path '{canonical}' names no object: {e.Message}", e);
        }
    }

    private string LocalOnly(string canonical) => canonical.StartsWith('/')
        ? canonical
        : throw new TableUnsupportedException(table, $"it refers to {canonical}, which lies outside of the object store");
}
