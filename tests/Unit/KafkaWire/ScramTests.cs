using System.Security.Cryptography;
using System.Text;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;

namespace Sluice.Unit.KafkaWire;

public sealed class ScramTests
{
    private const sbyte Sha256 = 1;
    private static readonly KafkaOptions s_withAnn = new() { SaslUsers = new Dictionary<string, string> { ["ann"] = "secret" } };

    [Fact]
    public void The_example_of_RFC_7677_is_proven_and_signed()
    {
        var salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");
        var salted = Rfc2898DeriveBytes.Pbkdf2("pencil", salt, 4096, HashAlgorithmName.SHA256, 32);
        var credential = ScramCredential.OfSaltedPassword(ScramMechanism.Sha256, salt, 4096, salted);
        var messages = Encoding.UTF8.GetBytes(
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
            + "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        var proof = Convert.FromBase64String("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        credential.Proves(messages, proof).ShouldBeTrue();
        Convert.ToBase64String(credential.ServerSignature(messages)).ShouldBe("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        proof[0] ^= 1;
        credential.Proves(messages, proof).ShouldBeFalse();
        credential.Proves(messages, []).ShouldBeFalse();
    }

    [Theory]
    [InlineData("SCRAM-SHA-256", "ann", "secret", true)]
    [InlineData("SCRAM-SHA-512", "ann", "secret", true)]
    [InlineData("SCRAM-SHA-256", "ann", "Secret", false)]
    [InlineData("SCRAM-SHA-512", "bob", "secret", false)]
    public async Task A_user_of_the_settings_is_let_in_with_the_right_password_only(string mechanism, string user, string password, bool isLetIn)
    {
        await using var bed = new ApiBed(s_withAnn);
        var session = new SaslSession(bed.Broker.SaslUsers);
        session.IsAuthenticated.ShouldBeFalse();
        LogIn(session, mechanism, user, password).ShouldBe(isLetIn);
        session.IsAuthenticated.ShouldBe(isLetIn);
        session.HasFailed.ShouldBe(!isLetIn);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n,,n=ann")]
    [InlineData("p=tls-unique,,n=ann,r=abc")]
    [InlineData("n,a=bob,n=ann,r=abc")]
    [InlineData("n,,n=an=2Dn,r=abc")]
    [InlineData("n,,n=ann,r=")]
    [InlineData("n,,m=ext,n=ann,r=abc")]
    public async Task A_first_message_that_is_none_is_refused(string message)
    {
        await using var bed = new ApiBed(s_withAnn);
        var session = new SaslSession(bed.Broker.SaslUsers);
        session.Handshake("SCRAM-SHA-256").ShouldBeTrue();
        session.Answer(Encoding.UTF8.GetBytes(message)).ShouldBeNull();
        session.HasFailed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_proof_for_another_exchange_is_refused()
    {
        await using var bed = new ApiBed(s_withAnn);
        var session = new SaslSession(bed.Broker.SaslUsers);
        session.Handshake("SCRAM-SHA-256").ShouldBeTrue();
        session.Answer("n,,n=ann,r=abc"u8).ShouldNotBeNull();
        session.Answer("c=biws,r=abcdef,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="u8).ShouldBeNull();
        session.IsAuthenticated.ShouldBeFalse();
    }

    [Fact]
    public async Task Credentials_that_a_client_stores_are_told_kept_over_a_restart_used_and_deleted()
    {
        await using var bed = new ApiBed(s_withAnn);
        (await AlterAsync(bed, set: [("bob", Sha256, 8192, "hunter2")])).ShouldBe([("bob", KafkaError.None)]);
        (await DescribeAsync(bed)).ShouldBe(["ann None 1:4096 2:4096", "bob None 1:8192"]);
        await bed.ReopenAsync();
        (await DescribeAsync(bed, "bob", "eve")).ShouldBe(["bob None 1:8192", "eve ResourceNotFound"]);
        LogIn(new SaslSession(bed.Broker.SaslUsers), "SCRAM-SHA-256", "bob", "hunter2").ShouldBeTrue();
        LogIn(new SaslSession(bed.Broker.SaslUsers), "SCRAM-SHA-512", "bob", "hunter2").ShouldBeFalse();
        (await AlterAsync(bed, delete: [("bob", Sha256)])).ShouldBe([("bob", KafkaError.None)]);
        (await AlterAsync(bed, delete: [("bob", Sha256)])).ShouldBe([("bob", KafkaError.ResourceNotFound)]);
        (await DescribeAsync(bed, "bob")).ShouldBe(["bob ResourceNotFound"]);
    }

    [Fact]
    public async Task Credentials_that_are_weak_or_not_whole_are_refused()
    {
        await using var bed = new ApiBed(s_withAnn);
        (await AlterAsync(bed, set: [("bob", Sha256, 4095, "x")])).ShouldBe([("bob", KafkaError.UnacceptableCredential)]);
        (await AlterAsync(bed, set: [("ann", Sha256, 4096, "x")])).ShouldBe([("ann", KafkaError.UnacceptableCredential)]);
        (await AlterAsync(bed, set: [("bob", 3, 4096, "x")])).ShouldBe([("bob", KafkaError.UnsupportedSaslMechanism)]);
        (await AlterAsync(bed, set: [("bob", Sha256, 4096, "x"), ("bob", Sha256, 4096, "y")])).ShouldBe([("bob", KafkaError.DuplicateResource)]);
        (await DescribeAsync(bed, "bob", "bob")).ShouldBe(["bob DuplicateResource"]);
    }

    /// <summary>The client's side of an exchange; whether it came to its end, the server's signature checked.</summary>
    private static bool LogIn(SaslSession session, string mechanism, string user, string password)
    {
        session.Handshake(mechanism).ShouldBeTrue();
        var kind = ScramMechanisms.Find(mechanism)!.Value;
        var hash = ScramMechanisms.HashOf(kind);
        var first = $"n={user},r=fyko";
        var answer = Encoding.UTF8.GetString(session.Answer(Encoding.UTF8.GetBytes("n,," + first)).ShouldNotBeNull());
        var fields = answer.Split(',').ToDictionary(f => f[0], f => f[2..]);
        fields['r'].ShouldStartWith("fyko");
        var iterations = int.Parse(fields['i'], System.Globalization.CultureInfo.InvariantCulture);
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, Convert.FromBase64String(fields['s']), iterations, hash, ScramMechanisms.SizeOf(kind));
        var last = $"c=biws,r={fields['r']}";
        var messages = Encoding.UTF8.GetBytes($"{first},{answer},{last}");
        var clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        var signature = CryptographicOperations.HmacData(hash, CryptographicOperations.HashData(hash, clientKey), messages);
        var proof = Convert.ToBase64String([.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))]);
        if (session.Answer(Encoding.UTF8.GetBytes($"{last},p={proof}")) is not { } end) return false;
        var serverKey = CryptographicOperations.HmacData(hash, salted, "Server Key"u8);
        Encoding.UTF8.GetString(end).ShouldBe("v=" + Convert.ToBase64String(CryptographicOperations.HmacData(hash, serverKey, messages)));
        return true;
    }

    private static async Task<(string User, KafkaError Error)[]> AlterAsync(
        ApiBed bed, (string User, sbyte Mechanism)[]? delete = null, (string User, sbyte Mechanism, int Iterations, string Password)[]? set = null)
    {
        var answer = await bed.AskAsync(AlterUserScramCredentials.Api, 0, w =>
        {
            w.WriteArrayLength(delete?.Length ?? 0);
            foreach (var (user, mechanism) in delete ?? [])
            {
                w.WriteString(user);
                w.WriteInt8(mechanism);
                w.WriteTags();
            }

            w.WriteArrayLength(set?.Length ?? 0);
            foreach (var (user, mechanism, iterations, password) in set ?? [])
            {
                w.WriteString(user);
                w.WriteInt8(mechanism);
                w.WriteInt32(iterations);
                w.WriteBytes("salt"u8);
                w.WriteBytes(Rfc2898DeriveBytes.Pbkdf2(password, "salt"u8, iterations, HashAlgorithmName.SHA256, 32));
                w.WriteTags();
            }

            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        var results = new (string, KafkaError)[reader.ReadArrayLength()];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = (reader.ReadString(), (KafkaError)reader.ReadInt16());
            reader.ReadNullableString();
            reader.SkipTags();
        }

        return results;
    }

    private static async Task<List<string>> DescribeAsync(ApiBed bed, params string[] users)
    {
        var answer = await bed.AskAsync(DescribeUserScramCredentials.Api, 0, w =>
        {
            w.WriteArrayLength(users.Length);
            foreach (var user in users)
            {
                w.WriteString(user);
                w.WriteTags();
            }

            w.WriteTags();
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadInt16();
        reader.ReadNullableString();
        var told = new List<string>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            var text = $"{reader.ReadString()} {(KafkaError)reader.ReadInt16()}";
            reader.ReadNullableString();
            for (var credentials = reader.ReadArrayLength(); credentials > 0; credentials--)
            {
                text += $" {reader.ReadInt8()}:{reader.ReadInt32()}";
                reader.SkipTags();
            }

            reader.SkipTags();
            told.Add(text);
        }

        return told;
    }
}
