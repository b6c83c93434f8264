namespace Sluice.Source;

/// <summary>The bounds of this project, each with where its number comes from.</summary>
internal static class SourceLimits
{
    /// <summary>Rows are written into arrays of this size and handed out as slices: just under the 85,000 bytes from
    /// which .NET puts an array on the large object heap, where it would live until a full collection.</summary>
    public const int ChunkBytes = 80 * 1024;

    /// <summary>A CSV file is read in pieces of about this size: large enough that a disk reads at full speed.</summary>
    public const int CsvReadBytes = 256 * 1024;

    /// <summary>Largest CSV record: Kafka's and the gateway's body limit is 10 MB, so a larger row could not be posted.</summary>
    public const int CsvRecordBytes = 10 * 1024 * 1024;

    /// <summary>Faults listed of one file; the rest is counted. More than a screen helps nobody.</summary>
    public const int FaultsShown = 20;

    /// <summary>Seconds to wait for a MySQL connection: MySqlConnector's own default, kept here because it is shown.</summary>
    public const uint MySqlConnectSeconds = 15;

    /// <summary>Keys of one "WHERE key IN (...)" statement when rows are drawn at random: MariaDB's default
    /// in_predicate_conversion_threshold, from where it would build a temporary table.</summary>
    public const int MySqlKeysPerQuery = 1000;

    /// <summary>Tries to find one more distinct value for a pool from a faker before it counts as exhausted: with
    /// half of the values left unseen, 10,000 misses in a row do not happen.</summary>
    public const int PoolTries = 10_000;

    /// <summary>Largest pool: pools are drawn from in memory.</summary>
    public const int PoolValues = 1_000_000;

    /// <summary>Deepest nesting of generators in generate.yaml; deeper is a mistake, and parsing recurses.</summary>
    public const int GeneratorDepth = 32;

    /// <summary>Most items of one list in generate.yaml, so that no row outgrows a post.</summary>
    public const int ListItems = 100_000;
}
