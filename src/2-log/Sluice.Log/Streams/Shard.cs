using System.Globalization;

namespace Sluice.Log;

/// <summary>A shard of a stream: what makes a partition one.</summary>
/// <param name="Number">The partition's number; <see cref="Id"/> is made of it.</param>
/// <param name="Range">The hash keys of its records.</param>
/// <param name="Parent">The shard it was split from, or the one whose MergeShards call made it; null for a shard made with its stream.</param>
/// <param name="AdjacentParent">The second shard of a merge.</param>
/// <param name="Epoch">Seconds since 1970 of its creation, or one more than its parents', whichever is later: orders sequence numbers.</param>
/// <param name="CreatedMs">When it was made, ms since 1970.</param>
/// <param name="ClosedMs">When it was split or merged, ms since 1970; null while it is open.</param>
public sealed record Shard(int Number, HashRange Range, int? Parent, int? AdjacentParent, long Epoch, long CreatedMs, long? ClosedMs)
{
    private const string IdPrefix = "shardId-";
    private const int IdDigits = 12;

    /// <summary><c>shardId-</c> and twelve digits.</summary>
    public string Id { get; } = IdOf(Number);

    public bool IsClosed => ClosedMs is not null;

    /// <summary>The sequence number of the record at an offset of this shard.</summary>
    public SequenceNumber SequenceNumberOf(long offset) => SequenceNumber.OfRecord(Epoch, Number, offset);

    /// <summary>A number below those of all its records and above those of its parents' records.</summary>
    public SequenceNumber StartingSequenceNumber => new(Epoch, Number, 0);

    public static string IdOf(int number) => IdPrefix + number.ToString(CultureInfo.InvariantCulture).PadLeft(IdDigits, '0');

    /// <summary>The number in a shard id; false when it is none.</summary>
    public static bool TryParseId(ReadOnlySpan<char> id, out int number)
    {
        number = 0;
        return id.Length == IdPrefix.Length + IdDigits
            && id.StartsWith(IdPrefix, StringComparison.Ordinal)
            && int.TryParse(id[IdPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
