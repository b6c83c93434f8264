using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Topics;

/// <summary>One broker leads every partition for ever: there is one leader epoch, 0.</summary>
internal static class LeaderEpochs
{
    /// <summary>What is said to a client that knows the partition in this epoch; -1 is a client that knows none.</summary>
    public static KafkaError Check(int epoch) => epoch switch
    {
        > 0 => KafkaError.UnknownLeaderEpoch,
        < -1 => KafkaError.FencedLeaderEpoch,
        _ => KafkaError.None,
    };
}
