using DuckDB.NET.Data;

namespace Sluice.Tables;

/// <summary>Changes of columns, rules and properties.</summary>
public sealed partial class DeltaTable
{
    /// <summary>Alters the table, all alterations in one commit. Rows are read only where a rule is new for those that are there.</summary>
    /// <exception cref="TableSchemaException">An alteration does not fit the table.</exception>
    /// <exception cref="TableRuleException">Rows that are there break a new rule.</exception>
    /// <exception cref="TableUnsupportedException">The table asks, or would ask, for a feature that Sluice does not write.</exception>
    public async Task<CommitResult> AlterAsync(DuckDBConnection connection, IReadOnlyList<TableAlteration> alterations, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(alterations);
        var basis = await SnapshotAsync(cancel);
        _committer.CheckWritable(basis);
        var altered = new AlteredTable(Name, basis, _catalog.Options.NewId);
        var operation = "CHANGE COLUMN";
        foreach (var alteration in alterations) operation = altered.Apply(alteration);
        if (Features.WriteFault(altered.Protocol, altered.Metadata, altered.Schema) is { } fault) throw new TableUnsupportedException(Name, fault);
        if (altered.NewRules.Count > 0)
            await TableRules.CheckAsync(Name, altered.NewRules, connection, await RelationAsync(basis, cancel), cancel);
        var change = new Change(operation, new Dictionary<string, string> { ["alterations"] = string.Join("; ", alterations) }, [], Overwrite: false, [])
        {
            ReadsTable = altered.NewRules.Count > 0,
            Metadata = altered.Metadata,
            Protocol = altered.Protocol == basis.Protocol ? null : altered.Protocol,
        };
        return await _committer.CommitAsync(basis, change, cancel);
    }
}
