using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// AlterUserScramCredentials, key 51, version 0 (flexible from 0).
// https://kafka.apache.org/protocol#The_Messages_AlterUserScramCredentials
//
// Behaviour: sets and deletes SCRAM credentials, each user on its own, durably. What comes is a salted password; kept is what a server needs
// to check it. A user in the request twice is DUPLICATE_RESOURCE, a credential to delete that is not there RESOURCE_NOT_FOUND.
//
// Known differences: users of the settings are changed there (UNACCEPTABLE_CREDENTIAL). Credentials stored while the settings name no
// user open no door: everybody is let in then.
internal static class AlterUserScramCredentials
{
    private const int SaltBytesMax = 256;

    public static readonly KafkaApi Api = new(51, "AlterUserScramCredentials", 0, 0, 0, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var alterations = Read(call);
        var byUser = alterations.GroupBy(a => a.User, StringComparer.Ordinal).ToArray();
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(byUser.Length);
        foreach (var user in byUser)
        {
            var (error, message) = Alter(call.Broker.SaslUsers, user.Key, [.. user]);
            response.WriteString(user.Key);
            response.WriteError(error);
            response.WriteNullableString(message);
            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }

    private static List<Alteration> Read(KafkaCall call)
    {
        var reader = call.Reader();
        var alterations = new List<Alteration>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            alterations.Add(new Alteration(reader.ReadString(), reader.ReadInt8(), null));
            reader.SkipTags();
        }

        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            var (user, mechanism, iterations) = (reader.ReadString(), reader.ReadInt8(), reader.ReadInt32());
            alterations.Add(new Alteration(user, mechanism, new Salted(iterations, reader.ReadBytes().ToArray(), reader.ReadBytes().ToArray())));
            reader.SkipTags();
        }

        return alterations;
    }

    private static (KafkaError Error, string? Message) Alter(SaslUsers users, string user, Alteration[] alterations)
    {
        if (user.Length == 0) return (KafkaError.UnacceptableCredential, "The user has no name.");
        if (users.IsOfSettings(user)) return (KafkaError.UnacceptableCredential, "The user is named in the broker's settings; change it there.");
        if (alterations.CountBy(a => a.Mechanism).Any(n => n.Value > 1)) return (KafkaError.DuplicateResource, "The credential is in the request twice.");
        foreach (var alteration in alterations)
        {
            if (Refuse(users, alteration) is { } refused) return refused;
        }

        try
        {
            var isStored = users.Change(user, old => [.. Altered(old, alterations)]);
            return isStored
                ? (KafkaError.None, null)
                : (KafkaError.UnacceptableCredential, $"There are {SaslUsers.StoredUsersMax} users; delete some first.");
        }
        catch (IOException fault)
        {
            return (KafkaError.KafkaStorageError, fault.Message);
        }
    }

    private static (KafkaError Error, string? Message)? Refuse(SaslUsers users, Alteration alteration)
    {
        var mechanism = (ScramMechanism)alteration.Mechanism;
        if (!Enum.IsDefined(mechanism)) return (KafkaError.UnsupportedSaslMechanism, "Mechanisms are 1 (SCRAM-SHA-256) and 2 (SCRAM-SHA-512).");
        if (alteration.Salted is not { } salted)
        {
            return users.Find(alteration.User, mechanism) is null
                ? (KafkaError.ResourceNotFound, "The user has no such credential.")
                : null;
        }

        if (salted.Iterations is < ScramMechanisms.IterationsMin or > ScramMechanisms.IterationsMax)
            return (KafkaError.UnacceptableCredential, $"Iterations are {ScramMechanisms.IterationsMin} to {ScramMechanisms.IterationsMax}.");
        var isWhole = salted.Salt.Length is > 0 and <= SaltBytesMax && salted.Password.Length == ScramMechanisms.SizeOf(mechanism);
        return isWhole ? null : (KafkaError.UnacceptableCredential, "The salt or the salted password has not the size that the mechanism asks for.");
    }

    private static IEnumerable<ScramCredential> Altered(ScramCredential[] old, Alteration[] alterations)
    {
        var kept = old.Where(c => !alterations.Any(a => a.Mechanism == (sbyte)c.Mechanism));
        var made = alterations.Where(a => a.Salted is not null)
            .Select(a => ScramCredential.OfSaltedPassword((ScramMechanism)a.Mechanism, a.Salted!.Salt, a.Salted.Iterations, a.Salted.Password));
        return kept.Concat(made).OrderBy(c => c.Mechanism);
    }

    private sealed record Alteration(string User, sbyte Mechanism, Salted? Salted);

    private sealed record Salted(int Iterations, byte[] Salt, byte[] Password);
}
