namespace Sluice.Tables;

/// <summary>A change of rows before it is worked out.</summary>
/// <param name="Candidates">Live files that may hold rows to change.</param>
internal sealed record EditPlan(string Operation, IReadOnlyDictionary<string, string> Parameters, Snapshot Basis, IReadOnlyList<AddFile> Candidates)
{
    public const string Action = "_sluice_action";
    public const string Delete = "delete";
    public const string Update = "update";

    /// <summary>Whether a file that another writer adds may hold rows to change; null when every file may.</summary>
    public Func<AddFile, bool>? MayRead { get; init; }

    /// <summary>
    /// From the name of the candidates' rows with their places to a select of the rows to change: place, <see cref="Action"/>, and the
    /// table's columns as they will be (<see cref="HasUpdates"/>); null when there are none.
    /// </summary>
    public string? Edits { get; init; }

    /// <summary>Whether the edits hold columns, since some are updates.</summary>
    public bool HasUpdates { get; init; }

    /// <summary>A select of new rows; null for none.</summary>
    public string? Inserts { get; init; }

    /// <summary>Whether <see cref="Inserts"/> gives the same rows whenever it is run, since they are kept.</summary>
    public bool KeepsInserts { get; init; }
}
