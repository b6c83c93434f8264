namespace Sluice.Source;

/// <summary>Where the rows to post come from: MySQL/MariaDB, CSV files, or the seeded generator.</summary>
public interface IRowSource : IAsyncDisposable
{
    /// <summary>Number of rows of a table.</summary>
    ValueTask<long> CountAsync(string table, CancellationToken cancel);

    /// <summary>
    /// Rows of a table from row number <paramref name="first"/> (0-based, in key order) on, at most <paramref name="count"/>.
    /// Each is one JSON object in UTF-8, fields in column order, as the posting scripts send it.
    /// </summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string table, long first, long count, CancellationToken cancel);
}
