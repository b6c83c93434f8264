namespace Sluice.Emulator;

/// <summary>Rows that travel in one request, less those that are settled: a retry sends the others only.</summary>
internal sealed class Post(PostFormat format)
{
    private readonly List<PostRow> _rows = [];

    public PostFormat Format => format;

    /// <summary>Rows not yet settled.</summary>
    public IReadOnlyList<PostRow> Rows => _rows;

    /// <summary>Length of the request's body.</summary>
    public int Length { get; private set; } = format.EnvelopeLength;

    /// <summary>How often it was sent.</summary>
    public int Attempts { get; set; }

    public void Add(PostRow row)
    {
        Length += format.LengthOf(row, _rows.Count == 0);
        _rows.Add(row);
    }

    /// <summary>Keeps only the rows at these places, in order.</summary>
    public void Keep(IReadOnlyList<int> places)
    {
        PostRow[] rows = [.. places.Select(place => _rows[place])];
        _rows.Clear();
        Length = format.EnvelopeLength;
        foreach (var row in rows)
        {
            Add(row);
        }
    }
}
