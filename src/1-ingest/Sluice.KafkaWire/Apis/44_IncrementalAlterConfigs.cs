using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// IncrementalAlterConfigs, key 44, versions 0-1 (flexible from 1). https://kafka.apache.org/protocol#The_Messages_IncrementalAlterConfigs
//
// Behaviour: sets or deletes single configs of a topic, appends to or takes from those that are lists (KIP-339). In force and on disk
// when the answer comes.
//
// Known differences: as of AlterConfigs.
internal static class IncrementalAlterConfigs
{
    public static readonly KafkaApi Api = new(44, "IncrementalAlterConfigs", 0, 1, 1, AnswerAsync);

    private enum Operation : sbyte
    {
        Set = 0,
        Delete = 1,
        Append = 2,
        Subtract = 3,
    }

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (resources, validateOnly) = Read(call);
        await AlterConfigs.AnswerAsync(call, resources, validateOnly);
    }

    private static (AlteredResource[] Resources, bool ValidateOnly) Read(KafkaCall call)
    {
        var reader = call.Reader();
        var resources = new AlteredResource[reader.ReadArrayLength()];
        for (var r = 0; r < resources.Length; r++)
        {
            var (type, name) = (reader.ReadInt8(), reader.ReadString());
            var changes = new Change[reader.ReadArrayLength()];
            for (var c = 0; c < changes.Length; c++)
            {
                changes[c] = new Change(reader.ReadString(), (Operation)reader.ReadInt8(), reader.ReadNullableString() ?? "");
                if (!Enum.IsDefined(changes[c].Operation)) throw new InvalidDataException($"There is no config operation {changes[c].Operation}.");
                reader.SkipTags();
            }

            reader.SkipTags();
            resources[r] = new AlteredResource(type, name, current => Apply(current, changes));
        }

        return (resources, reader.ReadBool());
    }

    private static Dictionary<string, string> Apply(IReadOnlyDictionary<string, string> current, Change[] changes)
    {
        var configs = new Dictionary<string, string>(current, StringComparer.Ordinal);
        foreach (var change in changes)
        {
            var items = configs.GetValueOrDefault(change.Name, "").Split(',', StringSplitOptions.RemoveEmptyEntries);
            var named = change.Value.Split(',', StringSplitOptions.RemoveEmptyEntries);
            if (change.Operation == Operation.Delete) configs.Remove(change.Name);
            else if (change.Operation == Operation.Set) configs[change.Name] = change.Value;
            else if (change.Operation == Operation.Append) configs[change.Name] = string.Join(',', items.Union(named));
            else configs[change.Name] = string.Join(',', items.Except(named));
        }

        return configs;
    }

    private readonly record struct Change(string Name, Operation Operation, string Value);
}
