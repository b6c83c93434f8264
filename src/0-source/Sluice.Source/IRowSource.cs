namespace Sluice.Source;

/// <summary>
/// Where the rows to post come from: MySQL/MariaDB, CSV files, or the seeded generator.
/// All three give the same JSON for the same row. Safe for concurrent reads.
/// </summary>
public interface IRowSource : IAsyncDisposable
{
    /// <summary>Number of rows of a table.</summary>
    /// <exception cref="SourceException">The store failed; the message names it, the reason and the remedy.</exception>
    ValueTask<long> CountAsync(string table, CancellationToken cancel);

    /// <summary>
    /// Rows of a table from row number <paramref name="first"/> (0-based, in key order) on, at most <paramref name="count"/>.
    /// Each is one JSON object in UTF-8, fields in column order, as the posting scripts send it. The memory stays
    /// valid for as long as it is referenced: it is never reused.
    /// </summary>
    /// <exception cref="SourceException">The store failed; the message names it, the reason and the remedy.</exception>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string table, long first, long count, CancellationToken cancel);

    /// <summary>
    /// The rows with these row numbers, in the order asked for; a number may come twice. Meant for draws at random, a
    /// few hundred at a time.
    /// </summary>
    /// <exception cref="SourceException">The store failed; the message names it, the reason and the remedy.</exception>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadRowsAsync(
        string table, IReadOnlyList<long> rows, CancellationToken cancel);
}
