namespace Sluice.Tables;

/// <summary>A change of a table's columns, rules or properties; it writes no data file.</summary>
public abstract record TableAlteration
{
    private TableAlteration()
    {
    }

    /// <summary>Adds a column behind the others; rows that are there have null in it.</summary>
    public sealed record AddColumn(string Name, string DuckDbType) : TableAlteration;

    /// <summary>
    /// Gives a column a type that holds all values of the one it has: integers up to BIGINT, FLOAT to DOUBLE, integers up to INTEGER to
    /// DOUBLE, DATE to TIMESTAMP, numbers to decimals with more digits. The table must have <c>delta.enableTypeWidening</c>. Files that are there stay as they are.
    /// </summary>
    public sealed record WidenColumn(string Name, string DuckDbType) : TableAlteration;

    /// <summary>Lets a column hold nulls, or forbids it; forbidding reads the rows.</summary>
    public sealed record SetNullable(string Name, bool Nullable) : TableAlteration;

    /// <summary>Renames a column; the table must map columns by name (<c>delta.columnMapping.mode</c>).</summary>
    public sealed record RenameColumn(string Name, string NewName) : TableAlteration;

    /// <summary>Takes a column off; the table must map columns by name.</summary>
    public sealed record DropColumn(string Name) : TableAlteration;

    /// <summary>Demands that an expression is true for every row, those that are there included: they are read.</summary>
    public sealed record AddConstraint(string Name, string Expression) : TableAlteration;

    /// <summary>Demands it no more.</summary>
    public sealed record DropConstraint(string Name) : TableAlteration;

    /// <summary>Sets table properties; those that need a feature raise the protocol, see <see cref="TableDesign.Properties"/>.</summary>
    public sealed record SetProperties(IReadOnlyDictionary<string, string> Properties) : TableAlteration;

    /// <summary>Takes table properties off.</summary>
    public sealed record UnsetProperties(IReadOnlyList<string> Names) : TableAlteration;
}
