namespace Sluice.KafkaWire.Groups;

/// <summary>The types of groups, as clients name them.</summary>
internal static class GroupTypes
{
    /// <summary>Clients assign (JoinGroup, SyncGroup).</summary>
    public const string Classic = "classic";

    /// <summary>The broker assigns (KIP-848).</summary>
    public const string Consumer = "consumer";
}
