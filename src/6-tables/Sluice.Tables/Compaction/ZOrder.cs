using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>The order of rows along a Z-curve: the bits of each column's rank, one from each column in turn.</summary>
internal static class ZOrder
{
    private const int ColumnsMax = 4;

    /// <summary>Bits of a rank: four of them make 60 of the 63 bits of a positive BIGINT.</summary>
    private const int Bits = 15;

    /// <summary>The ORDER BY of a select from <c>t</c>; empty for no columns.</summary>
    /// <exception cref="TableSchemaException">A column is not the table's, or it is partitioned by it, or there are too many.</exception>
    public static string OrderBy(TableName table, Snapshot snapshot, IReadOnlyList<string> columns)
    {
        if (columns.Count == 0) return "";
        if (columns.Count > ColumnsMax) throw new TableSchemaException(table, $"rows are ordered by {ColumnsMax} columns at most: each further one helps less");
        foreach (var column in columns)
        {
            if (snapshot.DeltaSchema.Fields.FirstOrDefault(f => f.Name == column) is not { Type: PrimitiveType or DecimalType })
                throw new TableSchemaException(table, $"rows cannot be ordered by '{column}': it is no column with a plain type");
            if (snapshot.Metadata.PartitionColumns.Contains(column))
                throw new TableSchemaException(table, $"rows are not ordered by '{column}': it is partitioned by that column, so a file holds one value of it");
        }

        if (columns.Count == 1) return $" ORDER BY t.{SqlName.Quote(columns[0])}";
        var ranks = columns.Select(c => $"CAST(floor(percent_rank() OVER (ORDER BY t.{SqlName.Quote(c)}) * {(1 << Bits) - 1}) AS BIGINT)").ToArray();
        var bits = ranks.SelectMany((rank, column) => Enumerable.Range(0, Bits).Select(bit => $"((({rank} >> {bit}) & 1) << {(bit * ranks.Length) + column})"));
        return $" ORDER BY {string.Join(" + ", bits)}";
    }
}
