using DuckDB.NET.Data;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>Appends to a table, with the positions that the rows stand for.</summary>
internal static class TableWriter
{
    public static async Task AppendAsync(
        DeltaTable table, Snapshot basis, DuckDBConnection connection, string select, Append append, CancellationToken cancel) =>
        await CommitAsync(table, basis, await table.WriteFilesAsync(connection, select, cancel), append, cancel);

    /// <summary>Adds files that are written already; the version that has them.</summary>
    public static async Task<long> CommitAsync(
        DeltaTable table, Snapshot basis, IReadOnlyList<AddFile> files, Append append, CancellationToken cancel)
    {
        var parameters = new Dictionary<string, string> { ["mode"] = append.Overwrite ? "Overwrite" : "Append" };
        var change = new Change("WRITE", parameters, files, append.Overwrite, append.Transactions) { ReadsTable = append.ReadsTable };
        var result = await table.CommitAsync(basis, change, cancel);
        Check(table, result);
        return result.Version;
    }

    private static void Check(DeltaTable table, CommitResult result)
    {
        switch (result.Outcome)
        {
            case CommitOutcome.Committed:
                return;
            case CommitOutcome.TransactionConflict or CommitOutcome.AppendConflict or CommitOutcome.DeleteConflict:
                throw new OvertakenException($"Table {table.Name}: {result.Reason}.");
            default:
                throw new CleaningException(
                    $"Table {table.Name} was changed while it was written ({result.Reason}). Run the cleaning again; if it fails the same way, "
                    + "make the table's columns those of pipeline.yaml.");
        }
    }
}

/// <summary>How rows are added.</summary>
/// <param name="ReadsTable">Whether they were chosen by looking at the table's rows.</param>
/// <param name="Overwrite">Whether they replace all rows of the basis.</param>
internal readonly record struct Append(IReadOnlyList<SetTransaction> Transactions, bool ReadsTable = false, bool Overwrite = false);
