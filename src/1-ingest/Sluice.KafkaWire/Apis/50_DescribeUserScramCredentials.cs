using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// DescribeUserScramCredentials, key 50, version 0 (flexible from 0).
// https://kafka.apache.org/protocol#The_Messages_DescribeUserScramCredentials
//
// Behaviour: mechanisms and iterations of the users asked for, or of all. A user without credentials is RESOURCE_NOT_FOUND, one asked for
// twice DUPLICATE_RESOURCE. Users of the settings are told with both mechanisms.
//
// Known differences: none.
internal static class DescribeUserScramCredentials
{
    public static readonly KafkaApi Api = new(50, "DescribeUserScramCredentials", 0, 0, 0, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var users = call.Broker.SaslUsers;
        var asked = Read(call);
        if (asked.Count == 0) asked = [.. users.WithScram];
        var twice = asked.CountBy(u => u, StringComparer.Ordinal).Where(n => n.Value > 1).Select(n => n.Key).ToHashSet(StringComparer.Ordinal);
        string[] told = [.. asked.Distinct(StringComparer.Ordinal)];
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteError(KafkaError.None);
        response.WriteNullableString(null);
        response.WriteArrayLength(told.Length);
        foreach (var user in told) Write(response, user, twice.Contains(user), users.Describe(user));
        response.WriteTags();
        return default;
    }

    private static List<string> Read(KafkaCall call)
    {
        var reader = call.Reader();
        var names = new List<string>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            names.Add(reader.ReadString());
            reader.SkipTags();
        }

        return names;
    }

    private static void Write(
        KafkaWriter response, string user, bool isTwice, IReadOnlyList<(ScramMechanism Mechanism, int Iterations)> credentials)
    {
        response.WriteString(user);
        if (isTwice || credentials.Count == 0)
        {
            response.WriteError(isTwice ? KafkaError.DuplicateResource : KafkaError.ResourceNotFound);
            response.WriteNullableString(isTwice ? "The user is in the request twice." : "The user has no SCRAM credentials.");
            response.WriteArrayLength(0);
        }
        else
        {
            response.WriteError(KafkaError.None);
            response.WriteNullableString(null);
            response.WriteArrayLength(credentials.Count);
            foreach (var (mechanism, iterations) in credentials)
            {
                response.WriteInt8((sbyte)mechanism);
                response.WriteInt32(iterations);
                response.WriteTags();
            }
        }

        response.WriteTags();
    }
}
