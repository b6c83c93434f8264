using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Sluice.Bytes;
using Sluice.SigV4;

namespace Sluice.Unit.SigV4;

public sealed class VerifierTests
{
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private static readonly SigningScope s_scope = new("eu-west-2", "kinesis");
    private static readonly Credentials s_credentials = new("AKIDEXAMPLE", Secret);

    private readonly FakeTimeProvider _time = new(SignatureVector.Time);

    public static TheoryData<string, SignatureFaultKind, string> Faults => new()
    {
        { "", SignatureFaultKind.MissingAuthenticationToken, "Missing Authentication Token" },
        { "Basic dXNlcjpwYXNz", SignatureFaultKind.MissingAuthenticationToken, "Missing Authentication Token" },
        { "AWS4-ECDSA-P256-SHA256 Credential=a", SignatureFaultKind.IncompleteSignature, "Unsupported AWS 'algorithm'" },
        { "AWS4-HMAC-SHA256", SignatureFaultKind.IncompleteSignature, "Authorization header requires 'Credential' parameter." },
        {
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-2/kinesis/aws4_request, SignedHeaders=host;x-amz-date",
            SignatureFaultKind.IncompleteSignature, "Authorization header requires 'Signature' parameter."
        },
        { Header("AKIDEXAMPLE/eu-west-2/kinesis/aws4_request"), SignatureFaultKind.IncompleteSignature, "exactly 5 slash-delimited" },
        { Header("AKIDEXAMPLE/20150830/eu-west-2/kinesis/aws5"), SignatureFaultKind.InvalidSignature, "valid terminator" },
        { Header("AKIDEXAMPLE/20150830/eu-west-1/kinesis/aws4_request"), SignatureFaultKind.InvalidSignature, "not 'eu-west-1'" },
        { Header("AKIDEXAMPLE/20150830/eu-west-2/s3/aws4_request"), SignatureFaultKind.InvalidSignature, "correct service: 'kinesis'" },
        { Header("AKIDEXAMPLE/20150829/eu-west-2/kinesis/aws4_request"), SignatureFaultKind.InvalidSignature, "'20150829' != '20150830'" },
        { Header("AKIDOTHER/20150830/eu-west-2/kinesis/aws4_request"), SignatureFaultKind.UnrecognizedClient, "security token" },
        { Header("AKIDEXAMPLE/20150830/eu-west-2/kinesis/aws4_request"), SignatureFaultKind.InvalidSignature, "does not match" },
        {
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-2/kinesis/aws4_request, SignedHeaders=x-amz-date, Signature=00",
            SignatureFaultKind.InvalidSignature, "'Host' or ':authority' must be a 'SignedHeader'"
        },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_has_its_kind_and_names_its_cause(string authorization, SignatureFaultKind kind, string cause)
    {
        var request = Request();
        request.Headers["X-Amz-Date"] = SignatureVector.Timestamp;
        if (authorization.Length > 0) request.Headers.Authorization = authorization;
        var fault = Verifier().Verify(request, []).Fault.ShouldNotBeNull();
        fault.Kind.ShouldBe(kind);
        fault.Message.ShouldContain(cause);
        fault.ToString().ShouldNotContain(Secret);
    }

    [Theory]
    [InlineData(-15 * 60, true)]
    [InlineData(-15 * 60 - 1, false)]
    [InlineData(15 * 60, true)]
    [InlineData(15 * 60 + 1, false)]
    public void A_signature_is_good_for_fifteen_minutes_to_either_side(int clockAheadSeconds, bool accepted)
    {
        var request = Request();
        new Signer(s_scope, _time).Sign(request, "{}"u8, s_credentials);
        var verifier = new Verifier(
            s_scope, _ => s_credentials, new FakeTimeProvider(SignatureVector.Time.AddSeconds(clockAheadSeconds)));
        var fault = verifier.Verify(request, "{}"u8).Fault;
        (fault is null).ShouldBe(accepted);
        if (!accepted)
        {
            fault!.Kind.ShouldBe(SignatureFaultKind.SignatureExpired);
            fault.ErrorName.ShouldBe("InvalidSignatureException");
            fault.Message.ShouldStartWith(clockAheadSeconds > 0 ? "Signature expired: 2015" : "Signature not yet current: 2015");
        }
    }

    [Fact]
    public void A_presigned_request_lives_as_long_as_it_says()
    {
        var request = Request("Limit=7");
        var signed = request with { Query = new Signer(s_scope, _time).Presign(request, TimeSpan.FromHours(2), s_credentials) };
        _time.Advance(TimeSpan.FromHours(2));
        Verifier().Verify(signed, []).Fault.ShouldBeNull();
        _time.Advance(TimeSpan.FromSeconds(1));
        Verifier().Verify(signed, []).Fault!.Kind.ShouldBe(SignatureFaultKind.SignatureExpired);
    }

    [Fact]
    public void A_presigned_request_cannot_live_longer_than_a_week()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new Signer(s_scope, _time).Presign(Request(), TimeSpan.FromDays(8), s_credentials));
        var query = new Signer(s_scope, _time).Presign(Request(), TimeSpan.FromDays(7), s_credentials);
        var longer = Request(query.Replace("X-Amz-Expires=604800", "X-Amz-Expires=604801", StringComparison.Ordinal));
        Verifier().Verify(longer, []).Fault!.Kind.ShouldBe(SignatureFaultKind.IncompleteSignature);
    }

    [Fact]
    public void Both_ways_at_once_are_refused()
    {
        var request = Request();
        new Signer(s_scope, _time).Sign(request, [], s_credentials);
        Verifier().Verify(request with { Query = "X-Amz-Algorithm=AWS4-HMAC-SHA256" }, []).Fault!.Message
            .ShouldStartWith("Found both 'X-Amz-Algorithm'");
    }

    [Fact]
    public void A_session_needs_its_own_token()
    {
        var session = new Credentials("ASIAEXAMPLE", Secret, "token-of-the-session");
        var verifier = new Verifier(s_scope, _ => session, _time);
        var request = Request();
        new Signer(s_scope, _time).Sign(request, [], session);
        verifier.Verify(request, []).Fault.ShouldBeNull();
        var without = Request();
        new Signer(s_scope, _time).Sign(without, [], new Credentials("ASIAEXAMPLE", Secret));
        verifier.Verify(without, []).Fault!.Kind.ShouldBe(SignatureFaultKind.UnrecognizedClient);
        var other = Request();
        new Signer(s_scope, _time).Sign(other, [], new Credentials("ASIAEXAMPLE", Secret, "another token"));
        verifier.Verify(other, []).Fault!.Kind.ShouldBe(SignatureFaultKind.UnrecognizedClient);
    }

    [Fact]
    public void The_header_that_names_the_action_must_be_signed()
    {
        var request = Request();
        new Signer(s_scope, _time).Sign(request, [], s_credentials);
        request.Headers["X-Amz-Target"] = "Kinesis_20131202.DeleteStream";
        Verifier().Verify(request, []).Fault!.Message.ShouldContain("'X-Amz-Target' must be a 'SignedHeader'");
    }

    [Fact]
    public void A_client_of_HTTP2_signs_the_authority()
    {
        // As the AWS SDK for JavaScript does.
        IHeaderDictionary headers = new HeaderDictionary { ["Host"] = "kinesis.eu-west-2.amazonaws.com" };
        var signing = new RequestParts("POST", "/", "", headers);
        headers["X-Amz-Date"] = SignatureVector.Timestamp;
        using var canonical = new ByteWriter();
        CanonicalRequest.Write(canonical, signing, PathStyle.Normalized, ":authority;x-amz-date", PayloadHash.Empty);
        var signature = new byte[32];
        const string Scope = "20150830/eu-west-2/kinesis/aws4_request";
        CanonicalRequest.Sign(
            canonical.WrittenSpan, SignatureVector.Timestamp, Scope, SigningKeys.Derive(Secret, "20150830", "eu-west-2", "kinesis"), signature);
        headers.Authorization = $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{Scope}, SignedHeaders=:authority;x-amz-date, "
            + $"Signature={Convert.ToHexStringLower(signature)}";
        System.Text.Encoding.UTF8.GetString(canonical.WrittenSpan).ShouldContain("\n:authority:kinesis.eu-west-2.amazonaws.com\n");
        Verifier().Verify(signing, []).Fault.ShouldBeNull();
        headers.Host = "kinesis.eu-west-1.amazonaws.com";
        Verifier().Verify(signing, []).Fault!.Kind.ShouldBe(SignatureFaultKind.InvalidSignature);
    }

    [Fact]
    public void A_changed_secret_counts_at_once()
    {
        var current = s_credentials;
        var verifier = new Verifier(s_scope, _ => current, _time);
        var request = Request();
        new Signer(s_scope, _time).Sign(request, [], s_credentials);
        verifier.Verify(request, []).IsAccepted.ShouldBeTrue();
        current = new Credentials("AKIDEXAMPLE", "another secret");
        verifier.Verify(request, []).Fault!.Kind.ShouldBe(SignatureFaultKind.InvalidSignature);
    }

    [Fact]
    public void S3_states_what_stands_for_the_body()
    {
        var scope = new SigningScope("eu-west-2", "s3");
        var verifier = new Verifier(scope, _ => s_credentials, _time, PathStyle.Verbatim);
        var signer = new Signer(scope, _time, PathStyle.Verbatim);
        var unsigned = Request() with { Path = "/bucket//a/../b%20c" };
        signer.Sign(unsigned, PayloadHash.Unsigned, s_credentials);
        verifier.Verify(unsigned, "anything"u8).PayloadHash.ShouldBe(PayloadHash.Unsigned);
        var signed = Request() with { Path = "/bucket/key" };
        signer.Sign(signed, "body"u8, s_credentials);
        verifier.Verify(signed, "body"u8).Fault.ShouldBeNull();
        verifier.Verify(signed, "bodx"u8).Fault!.Message.ShouldContain("x-amz-content-sha256");
        verifier.VerifyHead(signed).PayloadHash.ShouldBe(PayloadHash.Of("body"u8));
    }

    [Fact]
    public void A_request_message_is_signed_as_it_is_sent()
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "http://127.0.0.1:4567/");
        message.Content = new ByteArrayContent([.. "{}"u8]);
        message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-amz-json-1.1");
        message.Headers.TryAddWithoutValidation("X-Amz-Target", "Kinesis_20131202.ListStreams");
        new Signer(s_scope, _time).Sign(message, "{}"u8, s_credentials);
        message.Headers.NonValidated["Authorization"].ToString().ShouldContain("SignedHeaders=content-type;host;x-amz-date;x-amz-target,");
        var headers = new HeaderDictionary
        {
            ["Host"] = "127.0.0.1:4567",
            ["Content-Type"] = "application/x-amz-json-1.1",
            ["X-Amz-Target"] = "Kinesis_20131202.ListStreams",
            ["X-Amz-Date"] = message.Headers.NonValidated["X-Amz-Date"].ToString(),
            ["Authorization"] = message.Headers.NonValidated["Authorization"].ToString(),
        };
        Verifier().Verify(new RequestParts("POST", "/", "", headers), "{}"u8).Fault.ShouldBeNull();
    }

    [Theory]
    [InlineData("/a/b?x=1&y=2", "/a/b", "x=1&y=2")]
    [InlineData("http://host:80/a?b", "/a", "b")]
    [InlineData("/", "/", "")]
    [InlineData("http://host", "", "")]
    public void A_target_is_split_into_path_and_query(string target, string path, string query)
    {
        var parts = RequestParts.FromTarget("GET", target, new HeaderDictionary());
        (parts.Path, parts.Query).ShouldBe((path, query));
    }

    [Fact]
    public void Credentials_do_not_show_their_secret() => new Credentials("AKID", Secret, "token").ToString().ShouldBe("AKID");

    private static string Header(string credential) =>
        $"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature={new string('0', 64)}";

    private static RequestParts Request(string query = "") =>
        new("POST", "/", query, new HeaderDictionary { ["Host"] = "kinesis.eu-west-2.amazonaws.com" });

    private Verifier Verifier() => new(s_scope, key => key == "AKIDEXAMPLE" ? s_credentials : null, _time);
}
