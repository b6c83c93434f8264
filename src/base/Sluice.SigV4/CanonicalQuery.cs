using Sluice.Bytes;

namespace Sluice.SigV4;

/// <summary>The query of a canonical request: parameters encoded once, sorted by name and then by value.</summary>
internal static class CanonicalQuery
{
    public const string Signature = "X-Amz-Signature";

    public static void Write(ByteWriter output, string query)
    {
        if (query.Length == 0) return;
        using var encoded = new ByteWriter(query.Length * 2, SigV4Limits.CanonicalBytesMax);
        var parameters = Encode(encoded, query);
        var bytes = encoded.Written;
        parameters.Sort((left, right) =>
        {
            var byName = bytes.Span[left.Name].SequenceCompareTo(bytes.Span[right.Name]);
            return byName != 0 ? byName : bytes.Span[left.Value].SequenceCompareTo(bytes.Span[right.Value]);
        });
        for (var i = 0; i < parameters.Count; i++)
        {
            if (i > 0) output.Write("&"u8);
            output.Write(bytes.Span[parameters[i].Name]);
            output.Write("="u8);
            output.Write(bytes.Span[parameters[i].Value]);
        }
    }

    /// <summary>The decoded value of the first parameter of a name, or null.</summary>
    public static string? Find(string query, string name)
    {
        foreach (var range in query.AsSpan().Split('&'))
        {
            var (key, value) = Halves(query.AsSpan(range));
            if (key.SequenceEqual(name)) return UriEncoding.Decoded(value);
        }

        return null;
    }

    /// <summary>Whether the query carries a signature.</summary>
    public static bool IsPresigned(string query) =>
        query.Length > 0 && (Find(query, "X-Amz-Algorithm") is not null || Find(query, Signature) is not null);

    private static List<(Range Name, Range Value)> Encode(ByteWriter encoded, string query)
    {
        var parameters = new List<(Range Name, Range Value)>();
        foreach (var range in query.AsSpan().Split('&'))
        {
            var (key, value) = Halves(query.AsSpan(range));
            // The signature cannot cover itself; an empty parameter (a doubled ampersand) is none.
            if (key is Signature || (key.IsEmpty && value.IsEmpty)) continue;
            var start = encoded.Length;
            UriEncoding.WriteReencoded(encoded, key, keepSlash: false);
            var middle = encoded.Length;
            UriEncoding.WriteReencoded(encoded, value, keepSlash: false);
            parameters.Add((start..middle, middle..encoded.Length));
        }

        return parameters;
    }

    private static Pair Halves(ReadOnlySpan<char> parameter)
    {
        var equals = parameter.IndexOf('=');
        return equals < 0 ? new Pair(parameter, []) : new Pair(parameter[..equals], parameter[(equals + 1)..]);
    }

    private readonly ref struct Pair(ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        private readonly ReadOnlySpan<char> _key = key;
        private readonly ReadOnlySpan<char> _value = value;

        public void Deconstruct(out ReadOnlySpan<char> key, out ReadOnlySpan<char> value)
        {
            key = _key;
            value = _value;
        }
    }
}
