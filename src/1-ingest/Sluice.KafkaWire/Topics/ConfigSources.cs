using Sluice.Log;

namespace Sluice.KafkaWire.Topics;

/// <summary>Where the value of a config comes from; the numbers are the protocol's.</summary>
internal enum ConfigSource : sbyte
{
    Topic = 1,
    StaticBroker = 4,
    Default = 5,
}

internal static class ConfigSources
{
    public static ConfigSource Of(TopicSetting setting) =>
        setting.IsOfTopic ? ConfigSource.Topic : setting.IsOfLog ? ConfigSource.StaticBroker : ConfigSource.Default;
}
