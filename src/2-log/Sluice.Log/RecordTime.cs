namespace Sluice.Log;

/// <summary>Where a record is and what time it has.</summary>
/// <param name="TimestampMs">Milliseconds since the epoch.</param>
public readonly record struct RecordTime(long Offset, long TimestampMs);
