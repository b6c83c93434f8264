using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sluice.SigV4;

namespace Sluice.Log.Kafka.Client;

/// <summary>
/// The bearer token of MSK's IAM authentication: a URL that calls <c>kafka-cluster:Connect</c>, signed in its query for 15 minutes, in base64url
/// (https://github.com/aws/aws-msk-iam-sasl-signer-js). The broker asks IAM who signed it.
/// </summary>
internal sealed class IamToken(string region, TimeProvider time)
{
    private static readonly TimeSpan s_life = TimeSpan.FromSeconds(900);
    private readonly Signer _signer = new(new SigningScope(region, "kafka-cluster"), time);

    /// <summary>A token, and when it ends in ms since the epoch.</summary>
    public (string Token, long EndsMs) Create(Credentials credentials)
    {
        var host = $"kafka.{region}.amazonaws.com";
        var headers = new HeaderDictionary { ["Host"] = host };
        var query = _signer.Presign(new RequestParts("GET", "/", "Action=kafka-cluster%3AConnect", headers), s_life, credentials);
        // The name of the program comes behind the signature and is no part of it: brokers log it.
        var url = $"https://{host}/?{query}&User-Agent=sluice";
        return (Base64Url.EncodeToString(Encoding.UTF8.GetBytes(url)), (time.GetUtcNow() + s_life).ToUnixTimeMilliseconds());
    }
}
