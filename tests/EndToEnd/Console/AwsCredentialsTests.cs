using Microsoft.AspNetCore.Http;
using Sluice.Testing;

namespace Sluice.EndToEnd.Console;

/// <summary>
/// Reading a Kinesis elsewhere, which checks signatures, with credentials from each place that the chain of the AWS SDK looks at. The endpoints
/// of a container and of an instance are on loopback.
/// </summary>
public sealed class AwsCredentialsTests
{
    private const string KeyId = "AKIDEXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    [Fact(Timeout = 300_000)]
    public async Task Each_place_of_the_chain_gives_credentials_that_Kinesis_accepts()
    {
        using var folder = new TemporaryFolder();
        await using var metadata = await LoopbackServer.StartAsync(AnswerAsync);
        await using var kinesis = new Station($"kinesis: {{ access-key-id: {KeyId}, secret-access-key: {Secret} }}");
        await kinesis.StartAsync();
        await kinesis.RunAsync("emulate", "stream", "--rows", "20", "--batch", "20", "--gateway", kinesis.Gateway);
        var stream = (await kinesis.LedgerAsync()).GetProperty("lines").EnumerateArray()
            .First(line => line.GetProperty("path").GetString() == "stream").GetProperty("topic").GetString()!;
        await File.WriteAllTextAsync(folder.At("credentials"), $"[pins]\naws_access_key_id = {KeyId}\naws_secret_access_key = {Secret}\n", TestContext.Current.CancellationToken);

        var places = new Dictionary<string, Dictionary<string, string>>
        {
            ["environment"] = new() { ["AWS_ACCESS_KEY_ID"] = KeyId, ["AWS_SECRET_ACCESS_KEY"] = Secret },
            ["profile"] = new() { ["AWS_SHARED_CREDENTIALS_FILE"] = folder.At("credentials"), ["AWS_PROFILE"] = "pins" },
            ["container"] = new() { ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = new Uri(metadata.Address, "/container").ToString() },
            ["instance"] = new() { ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.Address.ToString().TrimEnd('/') },
        };
        foreach (var (place, environment) in places)
        {
            var result = await CountAsync(kinesis, stream, folder.At(place), environment);
            result.ExitCode.ShouldBe(0, $"{place}: {result.Output}{result.Error}");
            result.Output.ShouldContain("20", customMessage: place);
        }

        var refused = await CountAsync(kinesis, stream, folder.At("wrong"), new() { ["AWS_ACCESS_KEY_ID"] = KeyId, ["AWS_SECRET_ACCESS_KEY"] = "another" });
        refused.ExitCode.ShouldNotBe(0);
    }

    private static Task<SluiceResult> CountAsync(Station kinesis, string stream, string data, Dictionary<string, string> environment)
    {
        environment.TryAdd("AWS_SHARED_CREDENTIALS_FILE", data + ".none");
        environment["AWS_CONFIG_FILE"] = data + ".none";
        environment["SLUICE_STREAM__ENDPOINT"] = kinesis.Kinesis.ToString();
        return SluiceProcess.RunAsync(["query", $"SELECT count(*) FROM raw_stream('{stream}')", "--csv", "--data", data], environment, TestContext.Current.CancellationToken);
    }

    /// <summary>A container's endpoint, and an instance's (IMDSv2). The credentials have no session token: the server knows lasting keys only.</summary>
    private static async Task AnswerAsync(HttpContext context)
    {
        const string Roles = "/latest/meta-data/iam/security-credentials";
        var answer = context.Request.Path.Value!.TrimEnd('/') switch
        {
            "/latest/api/token" => "session",
            Roles => "reader",
            "/container" or Roles + "/reader" => $$"""
                {"Code":"Success","LastUpdated":"2024-01-01T00:00:00Z","Type":"AWS-HMAC",
                "AccessKeyId":"{{KeyId}}","SecretAccessKey":"{{Secret}}","Token":"","Expiration":"2099-01-01T00:00:00Z"}
                """,
            _ => null,
        };
        context.Response.ContentType = "text/plain";
        if (answer is null) context.Response.StatusCode = StatusCodes.Status404NotFound;
        else await context.Response.WriteAsync(answer);
    }
}
