using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning.Judging;

/// <summary>Tells which keys of a batch the clean table holds already.</summary>
internal abstract class KnownKeys
{
    /// <summary>Whether looking keys up means reading the table, because they are not in memory.</summary>
    public abstract bool ReadsTable { get; }

    /// <summary>
    /// A select of the positions, among those of the relation <c>firsts</c>, whose keys are in the table at this version; null for none.
    /// </summary>
    public abstract ValueTask<string?> FindAsync(Snapshot clean, CancellationToken cancel);

    /// <summary>The batch last looked at was committed, its clean rows being in these files.</summary>
    public virtual void Accept(IReadOnlyList<AddFile> files)
    {
    }
}

/// <summary>Reads the table's key column anew for every batch: right for large batches, which pay for it.</summary>
internal sealed class TableKeys(DeltaTable table, string key) : KnownKeys
{
    public override bool ReadsTable => true;

    public override async ValueTask<string?> FindAsync(Snapshot clean, CancellationToken cancel) => clean.Files.Count == 0
        ? null
        : JudgeSql.KnownIn(await table.RelationAsync(clean, cancel), SqlName.Quote(key));
}
