namespace Sluice.Log;

/// <summary>
/// What a broker in front of an <see cref="EmbeddedLog"/> knows and the log does not. The broker hands it in while it listens, so that
/// whoever administers the log sees one cluster: the broker's address and configs, and the members of its groups.
/// </summary>
/// <param name="Configs">The broker's configs, in any order.</param>
/// <param name="Groups">The groups that have members, or had since the broker started.</param>
public sealed record BrokerFront(BrokerDescription Broker, Func<IReadOnlyList<ConfigValue>> Configs, Func<IReadOnlyList<GroupDescription>> Groups);
