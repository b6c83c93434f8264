using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Credentials = Sluice.SigV4.Credentials;

namespace Sluice.Log.Kafka.Client;

/// <summary>Who signs: fixed credentials, or those of the AWS SDK's chain, which renews them by itself.</summary>
internal sealed class CredentialSource(Credentials? configured)
{
    private AWSCredentials? _chain;

    /// <exception cref="KafkaLogException">There are none.</exception>
    public async ValueTask<Credentials> GetAsync()
    {
        if (configured is not null) return configured;
        try
        {
            _chain ??= await DefaultAWSCredentialsIdentityResolver.GetCredentialsAsync();
            var found = await _chain.GetCredentialsAsync();
            return new Credentials(found.AccessKey, found.SecretKey, found.Token);
        }
        catch (AmazonClientException fault)
        {
            throw new KafkaLogException($"No AWS credentials were found ({fault.Message}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.", fault);
        }
    }
}
