using DuckDB.NET.Data;
using Sluice.Cleaning.Raw;

namespace Sluice.Cleaning;

/// <summary>A quarantined record.</summary>
internal sealed record QuarantinedRecord(RawPlace Place, string Raw, IReadOnlyList<string> Reasons)
{
    public static QuarantinedRecord Read(DuckDBDataReader row) => new(
        new RawPlace(
            row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetString(3), row.IsDBNull(4) ? null : row.GetInt64(4)),
        row.GetString(5),
        row.GetFieldValue<List<string>>(6));
}
