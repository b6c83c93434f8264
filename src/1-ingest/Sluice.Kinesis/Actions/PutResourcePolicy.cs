using System.Text;
using System.Text.Json;
using Sluice.Kinesis.Resources;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutResourcePolicy.html</summary>
internal static class PutResourcePolicy
{
    /// <summary>Bytes of a policy: 20 KiB, AWS's bound for resource-based policies.</summary>
    private const int PolicyBytesMax = 20 * 1024;

    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var policy = call.Fields.Text("Policy");
        if (TaggedResource.Find(call, new Validation().NotNull("policy", policy), out var error) is not { } resource) return new(error);
        if (Invalid(policy!) is { } reason) return new(KinesisError.InvalidArgument($"The resource policy is invalid: {reason}"));
        return StreamChange.ApplyAsync(call, resource.Stream.Name, current => resource.WithPolicy(call, current, policy));
    }

    /// <summary>What is wrong with the form of a policy; who it allows is not looked at, for nobody is refused by it here.</summary>
    private static string? Invalid(string policy)
    {
        if (Encoding.UTF8.GetByteCount(policy) > PolicyBytesMax) return $"it is longer than {PolicyBytesMax} bytes.";
        try
        {
            using var document = JsonDocument.Parse(policy);
            var isPolicy = document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("Statement", out var statement)
                && statement.ValueKind is JsonValueKind.Array or JsonValueKind.Object;
            return isPolicy ? null : "it has no Statement.";
        }
        catch (JsonException fault)
        {
            return $"it is no JSON at byte {fault.BytePositionInLine} of line {fault.LineNumber + 1}.";
        }
    }
}
