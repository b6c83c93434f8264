using System.Globalization;
using Sluice.Definition;
using Sluice.Sql;

namespace Sluice.Cleaning.Quality;

/// <summary>
/// What the conditions of a dataset say of one row, as one 64-bit integer that the statements carry along: negative for a row that has no
/// key, a null where none may be, or a failed check; otherwise one bit for each expectation that it does not meet.
/// </summary>
internal sealed class RowConditions
{
    /// <summary>The column that holds it.</summary>
    public const string Column = "_verdict";

    private readonly Dataset _dataset;
    private readonly long _dropped;
    private readonly long _quarantined;
    private readonly long _stops;

    public RowConditions(Dataset dataset)
    {
        _dataset = dataset;
        foreach (var (at, expectation) in dataset.Expectations.Index())
        {
            if (expectation.Action == ExpectationAction.Drop) _dropped |= 1L << at;
            if (expectation.Action == ExpectationAction.Quarantine) _quarantined |= 1L << at;
            if (expectation.Action == ExpectationAction.Fail) _stops |= 1L << at;
        }
    }

    public IReadOnlyList<Expectation> Expectations => _dataset.Expectations;

    /// <summary>Whether any expectation leaves rows out.</summary>
    public bool Drops => _dropped != 0;

    /// <summary>Whether any expectation stops the dataset.</summary>
    public bool Stops => _stops != 0;

    /// <summary>Computes the verdict of a row of <c>result</c>.</summary>
    public string Sql
    {
        get
        {
            var sound = NotNullColumns.Prepend(_dataset.Key).Select(column => $"{SqlName.Quote(column)} IS NOT NULL")
                .Concat(_dataset.Checks.Select(check => $"({check.Sql}\n) IS NOT FALSE"));
            var unmet = _dataset.Expectations.Select((expectation, at) => $" | CASE WHEN ({expectation.Sql}\n) THEN 0::BIGINT ELSE {Bit(at)} END");
            return $"CASE WHEN {string.Join(" AND ", sound)} THEN 0::BIGINT{string.Concat(unmet)} ELSE -1::BIGINT END";
        }
    }

    /// <summary>Whether a row may be clean: it is, unless its key occurred before.</summary>
    public string Good => (_dropped | _quarantined) == 0 ? $"{Column} >= 0" : $"({Column} >= 0 AND ({Column} & {Number(_dropped | _quarantined)}) = 0)";

    /// <summary>Whether a row is for the quarantine.</summary>
    public string AtFault => _quarantined == 0 ? $"{Column} < 0" : $"({Column} < 0 OR ({Column} & {Number(_quarantined)}) <> 0)";

    /// <summary>Whether a row is left out.</summary>
    public string Dropped => $"({Column} >= 0 AND ({Column} & {Number(_quarantined)}) = 0 AND ({Column} & {Number(_dropped)}) <> 0)";

    public IEnumerable<string> NotNullColumns =>
        _dataset.Columns.Where(column => !column.Nullable && column.Name != _dataset.Key).Select(column => column.Name);

    public RowFate FateOf(long verdict)
    {
        if (verdict < 0 || (verdict & _quarantined) != 0) return RowFate.AtFault;
        return (verdict & _dropped) != 0 ? RowFate.Dropped : RowFate.Good;
    }

    /// <summary>Whether a row does not meet an expectation, by its place in the list.</summary>
    public static string IsUnmet(int at) => $"({Column} >= 0 AND ({Column} & {Bit(at)}) <> 0)";

    private static string Bit(int at) => Number(1L << at);

    private static string Number(long bits) => string.Create(CultureInfo.InvariantCulture, $"{bits}::BIGINT");
}

/// <summary>What the conditions make of a row, whatever its key.</summary>
internal enum RowFate
{
    Good,
    AtFault,
    Dropped,
}
