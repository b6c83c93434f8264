namespace Sluice.Source.Csv;

/// <summary>Where each row of a CSV file stands, in key order.</summary>
/// <param name="Header">Column names.</param>
/// <param name="Starts">Byte offset of each row in the file's order, and the end of the file as the last element.</param>
/// <param name="Order">Numbers of the rows in the file, in key order; null when the file is in key order.</param>
internal sealed record CsvIndex(string[] Header, long[] Starts, int[]? Order)
{
    public int Count => Starts.Length - 1;

    /// <summary>What to read at once: as many rows as fit, or a single one where the file is not in key order.</summary>
    public CsvPiece PieceFrom(int first, int end)
    {
        var row = Order is null ? first : Order[first];
        var rows = 1;
        while (Order is null && first + rows < end && Starts[row + rows + 1] - Starts[row] <= SourceLimits.CsvReadBytes)
        {
            rows++;
        }

        return new CsvPiece(Starts[row], (int)(Starts[row + rows] - Starts[row]), rows);
    }
}

/// <summary>A range of a CSV file that holds whole rows.</summary>
internal readonly record struct CsvPiece(long Offset, int Length, int Rows);
