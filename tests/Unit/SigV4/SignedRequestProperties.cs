using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Sluice.SigV4;

namespace Sluice.Unit.SigV4;

public sealed class SignedRequestProperties
{
    private static readonly SigningScope s_scope = new("us-east-1", "kinesis");
    private static readonly Credentials s_credentials = new("AKIDEXAMPLE", "a secret");
    private static readonly FakeTimeProvider s_time = new(SignatureVector.Time);

    private static readonly Gen<string> s_word = Gen.String[Gen.Char["abcXYZ019-._~ +%/&=?ü"], 0, 8];

    private static readonly Gen<Sample> s_requests =
        from method in Gen.OneOf(Gen.Const("GET"), Gen.Const("PUT"), Gen.Const("POST"), Gen.Const("DELETE"))
        from segments in s_word.Array[0, 5]
        from parameters in Gen.Select(s_word, s_word).Array[0, 5]
        from header in Gen.String[Gen.Char["ab  \t,1"], 0, 12]
        from body in Gen.Byte.Array[0, 64]
        from style in Gen.Bool.Select(verbatim => verbatim ? PathStyle.Verbatim : PathStyle.Normalized)
        select new Sample(
            method,
            "/" + string.Join('/', segments.Select(Uri.EscapeDataString)),
            string.Join('&', parameters.Select(pair => $"p{Uri.EscapeDataString(pair.Item1)}={Uri.EscapeDataString(pair.Item2)}")),
            header, body, style);

    [Fact]
    public void What_is_signed_is_accepted_and_what_is_changed_is_refused() =>
        s_requests.Sample(sample =>
        {
            var verifier = new Verifier(s_scope, _ => s_credentials, s_time, sample.Style);
            var request = sample.Signed();
            verifier.Verify(request, sample.Body).Fault.ShouldBeNull();
            verifier.Verify(request with { Method = "PATCH" }, sample.Body).IsAccepted.ShouldBeFalse();
            verifier.Verify(request with { Path = request.Path + "/x" }, sample.Body).IsAccepted.ShouldBeFalse();
            verifier.Verify(request with { Query = request.Query + "&q=1" }, sample.Body).IsAccepted.ShouldBeFalse();
            verifier.Verify(request, [.. sample.Body, 0]).IsAccepted.ShouldBeFalse();
            foreach (var name in (string[])["X-Custom", "Host", "X-Amz-Date"])
            {
                var changed = Copy(request.Headers);
                changed[name] = name == "X-Amz-Date" ? "20150830T123601Z" : changed[name] + "x";
                verifier.Verify(request with { Headers = changed }, sample.Body).IsAccepted.ShouldBeFalse();
            }
        }, iter: 2_000);

    [Fact]
    public void A_changed_signature_is_refused() =>
        Gen.Select(s_requests, Gen.Int[0, 63]).Sample((sample, digit) =>
        {
            var verifier = new Verifier(s_scope, _ => s_credentials, s_time, sample.Style);
            var request = sample.Signed();
            var text = new StringBuilder(request.Headers.Authorization.ToString());
            var at = text.Length - 1 - digit;
            text[at] = text[at] == '0' ? '1' : '0';
            request.Headers.Authorization = text.ToString();
            verifier.Verify(request, sample.Body).IsAccepted.ShouldBeFalse();
        }, iter: 500);

    [Fact]
    public void The_order_of_parameters_and_the_spelling_of_escapes_do_not_matter() =>
        s_requests.Sample(sample =>
        {
            var request = sample.Signed();
            var reversed = string.Join('&', request.Query.Split('&').Reverse()).Replace("%2F", "%2f", StringComparison.Ordinal);
            new Verifier(s_scope, _ => s_credentials, s_time, sample.Style)
                .Verify(request with { Query = reversed }, sample.Body).Fault.ShouldBeNull();
        }, iter: 500);

    [Fact]
    public void No_header_and_no_query_makes_the_verifier_throw() =>
        Gen.Select(Gen.String[0, 80], Gen.String[0, 40]).Sample((authorization, query) =>
        {
            var headers = new HeaderDictionary
            {
                ["Host"] = "h",
                ["X-Amz-Date"] = SignatureVector.Timestamp,
                ["Authorization"] = "AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/kinesis/aws4_request, SignedHeaders=host;"
                    + authorization + ", Signature=" + query,
            };
            new Verifier(s_scope, _ => s_credentials, s_time)
                .Verify(new RequestParts("GET", "/" + query, query, headers), []).IsAccepted.ShouldBeFalse();
        }, iter: 2_000);

    private static HeaderDictionary Copy(IHeaderDictionary headers)
    {
        var copy = new HeaderDictionary();
        foreach (var (name, value) in headers) copy[name] = value;
        return copy;
    }

    private sealed record Sample(string Method, string Path, string Query, string Header, byte[] Body, PathStyle Style)
    {
        public RequestParts Signed()
        {
            var request = new RequestParts(
                Method, Path, Query, new HeaderDictionary { ["Host"] = "127.0.0.1:4567", ["X-Custom"] = Header, ["X-Amz-Target"] = "a.b" });
            new Signer(s_scope, s_time, Style).Sign(request, Body, s_credentials);
            return request;
        }
    }
}
