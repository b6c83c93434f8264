namespace Sluice.Emulator;

/// <summary>Rows that travel in one request, less those that are settled: a retry sends the others only.</summary>
internal sealed class Post
{
    private readonly List<ReadOnlyMemory<byte>> _rows = [];

    /// <summary>Rows not yet settled.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Rows => _rows;

    /// <summary>Length of the request's body.</summary>
    public int Length { get; private set; } = RecordsContent.EnvelopeLength;

    /// <summary>How often it was sent.</summary>
    public int Attempts { get; set; }

    public void Add(ReadOnlyMemory<byte> row)
    {
        Length += RecordsContent.LengthOf(row, _rows.Count == 0);
        _rows.Add(row);
    }

    /// <summary>Keeps only the rows at these places, in order.</summary>
    public void Keep(IReadOnlyList<int> places)
    {
        ReadOnlyMemory<byte>[] rows = [.. places.Select(place => _rows[place])];
        _rows.Clear();
        Length = RecordsContent.EnvelopeLength;
        foreach (var row in rows)
        {
            Add(row);
        }
    }
}
