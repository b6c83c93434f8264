using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Credentials = Sluice.SigV4.Credentials;

namespace Sluice.Log.Aws;

/// <summary>
/// Who signs: fixed credentials, or those of the AWS SDK's chain (environment, profile, container, instance), which renews them by itself.
/// </summary>
/// <remarks>The file is compiled into the log over Kafka and the log over Kinesis alike: docs/decisions/0411-credentials-are-one-file.md.</remarks>
/// <param name="configured">The fixed ones; null for the chain.</param>
/// <param name="refuse">Makes the exception of whose log it is, of a message and its cause.</param>
internal sealed class CredentialSource(Credentials? configured, Func<string, Exception, Exception> refuse)
{
    private AWSCredentials? _chain;

    /// <summary>The credentials of this moment; what was given to refuse is thrown when there are none.</summary>
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
            throw refuse($"No AWS credentials were found ({fault.Message}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.", fault);
        }
    }
}
