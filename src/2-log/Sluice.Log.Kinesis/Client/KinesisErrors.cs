using System.Net;
using System.Text.Json;

namespace Sluice.Log.Kinesis.Client;

/// <summary>The errors that are told apart here, and how an error reads on the wire.</summary>
internal static class KinesisErrors
{
    public const string NotFound = "ResourceNotFoundException";
    public const string InUse = "ResourceInUseException";
    public const string ExpiredIterator = "ExpiredIteratorException";
    public const string InvalidArgument = "InvalidArgumentException";
    public const string Throughput = "ProvisionedThroughputExceededException";

    public static (string Code, string Message) Read(HttpStatusCode status, ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var root = json.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("__type", out var type) && type.GetString() is { } code)
            {
                var hasMessage = root.TryGetProperty("message", out var message) || root.TryGetProperty("Message", out message);
                return (code[(code.LastIndexOf('#') + 1)..], hasMessage ? message.ToString() : "");
            }
        }
        catch (JsonException)
        {
            // What stands between Kinesis and here may answer in any form; its status is all that can be told then.
        }

        return ($"HTTP {(int)status}", status.ToString());
    }
}
