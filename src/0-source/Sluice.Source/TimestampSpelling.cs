namespace Sluice.Source;

/// <summary>How a DATETIME is written in the posted JSON. Posting scripts do both.</summary>
public enum TimestampSpelling
{
    /// <summary>"2020-08-28 03:52:47", as Python's str() writes it.</summary>
    Space,

    /// <summary>"2020-08-28T03:52:47", as Python's isoformat() writes it.</summary>
    T,
}
