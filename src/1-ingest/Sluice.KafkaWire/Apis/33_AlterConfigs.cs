using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// AlterConfigs, key 33, versions 0-2 (flexible from 2). https://kafka.apache.org/protocol#The_Messages_AlterConfigs
//
// Behaviour: replaces all configs that a topic sets itself; in force and on disk when the answer comes.
//
// Known differences: the broker's own configs come from its configuration file and are refused with INVALID_REQUEST.
internal static class AlterConfigs
{
    private const sbyte TopicResource = 2;

    public static readonly KafkaApi Api = new(33, "AlterConfigs", 0, 2, 2, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (resources, validateOnly) = Read(call);
        await AnswerAsync(call, resources, validateOnly);
    }

    /// <summary>Makes the changes and answers, for this API and the incremental one.</summary>
    public static async ValueTask AnswerAsync(KafkaCall call, AlteredResource[] resources, bool validateOnly)
    {
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(resources.Length);
        foreach (var resource in resources)
        {
            var refusal = resource.Type != TopicResource
                ? new TopicRefusal(KafkaError.InvalidRequest, "Only configs of topics can be changed over the protocol.")
                : call.Broker.Topics.IsStream(resource.Name)
                    ? TopicRefusal.Stream(resource.Name)
                    : await TopicRefusal.OfAsync(() => call.Broker.Log.AlterTopicAsync(resource.Name, resource.Change, validateOnly, CancellationToken.None));
            response.WriteError(refusal.Error);
            response.WriteNullableString(refusal.Message);
            response.WriteInt8(resource.Type);
            response.WriteString(resource.Name);
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static (AlteredResource[] Resources, bool ValidateOnly) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var resources = new AlteredResource[reader.ReadArrayLength()];
        for (var r = 0; r < resources.Length; r++)
        {
            var (type, name) = (reader.ReadInt8(), reader.ReadString());
            var configs = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var count = reader.ReadArrayLength(); count > 0; count--)
            {
                var config = reader.ReadString();
                if (reader.ReadNullableString() is { } value) configs[config] = value;
                reader.SkipTags();
            }

            reader.SkipTags();
            resources[r] = new AlteredResource(type, name, _ => configs);
        }

        return (resources, reader.ReadBool());
    }
}

/// <summary>A resource and what its configs become of those there are.</summary>
internal sealed record AlteredResource(sbyte Type, string Name, Func<IReadOnlyDictionary<string, string>, Dictionary<string, string>> Change);
