using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log.Kafka.Client;
using Sluice.SigV4;

namespace Sluice.Unit.LogKafka;

/// <summary>Tokens for MSK's IAM authentication, against URLs that botocore 1.43 signed (SigV4QueryAuth, the clock set).</summary>
public sealed class IamTokenTests
{
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    private const string SessionToken =
        "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd==";

    private static readonly FakeTimeProvider s_time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Theory]
    [InlineData(null, "7cc178453342e479def8e0e69cbff443ca929b5b0426af0f4b64554172c7195d")]
    [InlineData(SessionToken, "5191d0caac11b919effac9bef8517e2d09bce8fdd83fa1a89faec2223f0b0038")]
    public void A_token_is_the_url_that_the_aws_sdk_signs(string? sessionToken, string signature)
    {
        var (token, ends) = new IamToken("eu-west-1", s_time).Create(new Credentials("AKIDEXAMPLE", Secret, sessionToken));
        token.ShouldNotContain("=");
        var url = new Uri(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)));
        url.GetLeftPart(UriPartial.Path).ShouldBe("https://kafka.eu-west-1.amazonaws.com/");
        List<string> parameters =
        [
            "Action=kafka-cluster%3AConnect", "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Feu-west-1%2Fkafka-cluster%2Faws4_request", "X-Amz-Date=20260102T030405Z", "X-Amz-Expires=900",
            "X-Amz-SignedHeaders=host", $"X-Amz-Signature={signature}", "User-Agent=sluice",
        ];
        if (sessionToken is not null) parameters.Add($"X-Amz-Security-Token={Uri.EscapeDataString(sessionToken)}");
        url.Query[1..].Split('&').ShouldBe(parameters, ignoreOrder: true);
        ends.ShouldBe(s_time.GetUtcNow().AddMinutes(15).ToUnixTimeMilliseconds());
    }
}
