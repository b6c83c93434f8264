using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sluice.SigV4;

namespace Sluice.Unit.SigV4;

public sealed class VectorTests
{
    private readonly FakeTimeProvider _time = new(SignatureVector.Time);

    public static TheoryData<string> Names => [.. SignatureVector.All.Keys];

    /// <summary>In one case the token is added behind the signature of the query, which no server can tell from one that is signed.</summary>
    public static TheoryData<string> QueryNames => [.. SignatureVector.All.Keys.Where(name => name != "post-sts-header-after")];

    /// <summary>Ours always signs the token, and states the body's hash in S3's style, which the suite does not.</summary>
    public static TheoryData<string> SignerNames =>
        [.. SignatureVector.All.Values.Where(vector => vector.Normalize && vector.SignsToken != false).Select(vector => vector.Name)];

    /// <summary>A presigned request of ours has no body.</summary>
    public static TheoryData<string> PresignerNames =>
        [.. SignatureVector.All.Values.Where(vector => vector.Normalize && vector.SignsToken != false && vector.SignsBody != true)
            .Select(vector => vector.Name)];

    [Fact]
    public void The_suite_has_38_cases() => SignatureVector.All.Count.ShouldBe(38);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_header_signature_of_the_suite_is_accepted(string name)
    {
        var vector = SignatureVector.All[name];
        var request = vector.Request();
        request.Headers["X-Amz-Date"] = SignatureVector.Timestamp;
        if (vector.Token is not null) request.Headers["X-Amz-Security-Token"] = vector.Token;
        // Cases that are not normalized are signed as other services sign bodies: an empty one has its hash.
        if (vector.SignsBody == true || !vector.Normalize) request.Headers["X-Amz-Content-Sha256"] = PayloadHash.Of(Body(vector));
        request.Headers.Authorization = $"AWS4-HMAC-SHA256 Credential={SignatureVector.Credential}, "
            + $"SignedHeaders={vector.HeaderSigned}, Signature={vector.HeaderSignature}";
        var verdict = Verifier(vector).Verify(request, Body(vector));
        verdict.Fault.ShouldBeNull();
        verdict.Credentials!.AccessKeyId.ShouldBe("AKIDEXAMPLE");
    }

    [Theory]
    [MemberData(nameof(QueryNames))]
    public void A_query_signature_of_the_suite_is_accepted(string name)
    {
        var vector = SignatureVector.All[name];
        var query = vector.Query + (vector.Query.Length > 0 ? "&" : "")
            + "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + Uri.EscapeDataString(SignatureVector.Credential)
            + $"&X-Amz-Date={SignatureVector.Timestamp}&X-Amz-Expires=3600"
            + (vector.Token is null ? "" : "&X-Amz-Security-Token=" + Uri.EscapeDataString(vector.Token))
            + $"&X-Amz-SignedHeaders={Uri.EscapeDataString(vector.QuerySigned)}&X-Amz-Signature={vector.QuerySignature}";
        var request = vector.Request(query);
        if (!vector.Normalize) request.Headers["X-Amz-Content-Sha256"] = PayloadHash.Empty;
        Verifier(vector).Verify(request, Body(vector)).Fault.ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(SignerNames))]
    public void The_signer_makes_the_signature_of_the_suite(string name)
    {
        var vector = SignatureVector.All[name];
        var request = vector.Request();
        if (vector.SignsBody == true) request.Headers["X-Amz-Content-Sha256"] = PayloadHash.Of(Body(vector));
        new Signer(SignatureVector.Scope, _time).Sign(request, Body(vector), vector.Credentials);
        request.Headers.Authorization.ToString().ShouldBe(
            $"AWS4-HMAC-SHA256 Credential={SignatureVector.Credential}, SignedHeaders={vector.HeaderSigned}, Signature={vector.HeaderSignature}");
    }

    [Theory]
    [MemberData(nameof(PresignerNames))]
    public void The_signer_makes_the_presigned_query_of_the_suite(string name)
    {
        var vector = SignatureVector.All[name];
        var query = new Signer(SignatureVector.Scope, _time).Presign(vector.Request(), TimeSpan.FromHours(1), vector.Credentials);
        query.ShouldEndWith("&X-Amz-Signature=" + vector.QuerySignature);
    }

    private Verifier Verifier(SignatureVector vector) => new(
        SignatureVector.Scope, key => key == "AKIDEXAMPLE" ? vector.Credentials : null, _time, vector.Style);

    private static byte[] Body(SignatureVector vector) => Encoding.UTF8.GetBytes(vector.Body);
}
