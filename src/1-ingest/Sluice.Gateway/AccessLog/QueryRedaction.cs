using System.Text;

namespace Sluice.Gateway.AccessLog;

/// <summary>Takes the values of secrets out of a query string before it is logged.</summary>
internal static class QueryRedaction
{
    public const string Mark = "REDACTED";

    /// <summary>A parameter whose decoded name contains one of these is a secret (api_key, X-Amz-Signature, access_token, ...).</summary>
    private static readonly string[] s_secretWords =
        ["key", "token", "secret", "passw", "pwd", "signature", "sig", "credential", "auth", "session", "jwt"];

    public static string Redact(string query)
    {
        var redacted = new StringBuilder(query.Length);
        var rest = query.AsSpan();
        while (!rest.IsEmpty)
        {
            var end = rest[1..].IndexOfAny('&', ';') + 1;
            var pair = end == 0 ? rest : rest[..end];
            rest = rest[pair.Length..];
            var equals = pair.IndexOf('=');
            if (equals < 0 || !IsSecret(pair[..equals])) redacted.Append(pair);
            else redacted.Append(pair[..(equals + 1)]).Append(Mark);
        }

        return redacted.ToString();
    }

    private static bool IsSecret(ReadOnlySpan<char> name)
    {
        var decoded = Uri.UnescapeDataString(name);
        // A name escaped twice may be read as a secret's by what stands behind the gateway.
        decoded = Uri.UnescapeDataString(decoded);
        foreach (var word in s_secretWords)
        {
            if (decoded.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
