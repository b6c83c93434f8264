using Sluice.Kinesis.Wire;

namespace Sluice.Kinesis.Resources;

/// <summary>Tags as answers show them: a list of keys and values.</summary>
internal static class TagList
{
    /// <summary>The member Tags, inside a map that is open.</summary>
    public static void Write(ResponseWriter response, IEnumerable<KeyValuePair<string, string>> tags)
    {
        response.StartList("Tags"u8);
        foreach (var (key, value) in tags)
        {
            response.StartMap();
            response.Text("Key"u8, key);
            response.Text("Value"u8, value);
            response.EndMap();
        }

        response.EndList();
    }
}
