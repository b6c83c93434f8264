using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.SigV4;
using Sluice.Testing;

namespace Sluice.Unit.SigV4;

/// <summary>
/// One case of the AWS signing test suite (awslabs/aws-c-auth, Apache-2.0, tests/aws-signing-test-suite/v4), as facts: a request,
/// and its signatures by AKIDEXAMPLE for us-east-1/service at 2015-08-30T12:36:00Z.
/// </summary>
public sealed record SignatureVector(
    string Name, string Method, string Path, string Query, string[][] Headers, string Body, bool Normalize, string HeaderSigned,
    string HeaderSignature, string QuerySigned, string QuerySignature, string? Token, bool? SignsToken, bool? SignsBody)
{
    public const string Timestamp = "20150830T123600Z";
    public const string Credential = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";

    private static readonly JsonSerializerOptions s_web = new(JsonSerializerDefaults.Web);

    public static readonly SigningScope Scope = new("us-east-1", "service");
    public static readonly DateTimeOffset Time = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    public static IReadOnlyDictionary<string, SignatureVector> All { get; } =
        JsonSerializer.Deserialize<SignatureVector[]>(
                File.ReadAllBytes(System.IO.Path.Combine(Repository.Root, "tests", "Unit", "SigV4", "vectors.json")), s_web)!
            .ToDictionary(vector => vector.Name);

    public PathStyle Style => Normalize ? PathStyle.Normalized : PathStyle.Verbatim;

    public Credentials Credentials => new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Token);

    /// <summary>The request before it is signed.</summary>
    public RequestParts Request(string? query = null)
    {
        var headers = new HeaderDictionary();
        foreach (var header in Headers) headers.Append(header[0], header[1]);
        return new RequestParts(Method, Path, query ?? Query, headers);
    }

    public override string ToString() => Name;
}
