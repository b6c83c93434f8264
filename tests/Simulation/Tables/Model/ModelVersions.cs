namespace Sluice.Simulation.Tables.Model;

/// <summary>What a version of the model's table is.</summary>
/// <param name="Position">The newest position of the application that appends.</param>
/// <param name="Feed">Whether the table kept a change feed.</param>
internal sealed record ModelVersion(ModelShape Shape, IReadOnlyList<ModelRow> Rows, long? Position, bool Feed, DateTimeOffset Made)
{
    public IEnumerable<string> Lines => Rows.Select(Shape.Json).Order(StringComparer.Ordinal);
}

/// <summary>Versions of the model's table: which there are, and which a reader is still promised.</summary>
internal sealed class ModelVersions
{
    private readonly SortedDictionary<long, ModelVersion> _all = [];
    private readonly HashSet<long> _unsure = [];
    private long _feedGone = -1;

    public ModelVersion this[long version] => _all[version];

    public IEnumerable<long> Numbers => _all.Keys;

    public void Add(long version, ModelVersion state) => _all[version] = state;

    /// <summary>Whether the version must be readable; one that need not be is as it was, or is refused.</summary>
    public bool IsPromised(long version) => !_unsure.Contains(version);

    /// <summary>Whether the rows that a version changed must be there still.</summary>
    public bool FeedIsPromised(long version) => version > _feedGone && IsPromised(version - 1);

    /// <summary>A vacuum was made: files of the change feed are as old as the disk says, which is older than any retention of the tests' clock.</summary>
    public void Vacuumed() => _feedGone = _all.Keys.Last();

    /// <summary>Files that were out of use at a time are deleted: versions that ended before it may lack some.</summary>
    public void FilesDeletedUpTo(DateTimeOffset eldest)
    {
        foreach (var (version, _) in _all)
        {
            if (_all.TryGetValue(version + 1, out var next) && next.Made <= eldest) _unsure.Add(version);
        }
    }

    /// <summary>The log is cleaned up: what the table was at a time, and all that came later, stays.</summary>
    public void LogCleanedUpTo(DateTimeOffset cutoff) => FilesDeletedUpTo(cutoff);
}
