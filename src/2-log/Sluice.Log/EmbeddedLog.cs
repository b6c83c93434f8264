namespace Sluice.Log;

/// <summary>The log kept in a directory of this machine: segments per partition and one SQLite file for everything else.</summary>
public static class EmbeddedLog;

/// <summary>When an append is answered.</summary>
public enum Durability
{
    /// <summary>After <c>fdatasync</c> of the segment; many appends share one sync.</summary>
    Fsync,

    /// <summary>After the write; synced in the background at an interval.</summary>
    Interval,

    /// <summary>After the write; the operating system decides when to sync.</summary>
    None,
}
