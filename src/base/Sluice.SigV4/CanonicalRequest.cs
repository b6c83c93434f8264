using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Sluice.Bytes;

namespace Sluice.SigV4;

/// <summary>The text whose hash is signed: method, path, query, headers, their names, and the hash of the body.</summary>
internal static class CanonicalRequest
{
    /// <param name="output">Receives the text; at most <see cref="SigV4Limits.CanonicalBytesMax"/> bytes fit.</param>
    /// <param name="request">The request.</param>
    /// <param name="style">How its path is written.</param>
    /// <param name="signedHeaders">Lower-case header names, sorted, with semicolons between them.</param>
    /// <param name="payloadHash">What stands for the body.</param>
    public static void Write(
        ByteWriter output, in RequestParts request, PathStyle style, ReadOnlySpan<char> signedHeaders, ReadOnlySpan<char> payloadHash)
    {
        WriteText(output, request.Method);
        output.Write("\n"u8);
        CanonicalPath.Write(output, request.Path, style);
        output.Write("\n"u8);
        CanonicalQuery.Write(output, request.Query);
        output.Write("\n"u8);
        foreach (var range in signedHeaders.Split(';'))
            WriteHeader(output, request.Headers, signedHeaders[range]);
        output.Write("\n"u8);
        WriteText(output, signedHeaders);
        output.Write("\n"u8);
        WriteText(output, payloadHash);
    }

    /// <summary>The signature of a canonical request: HMAC of algorithm, time, scope and its hash, under the derived key.</summary>
    /// <param name="canonical">The canonical request.</param>
    /// <param name="timestamp">The time, <c>yyyyMMddTHHmmssZ</c>.</param>
    /// <param name="scope">Date, region, service and terminator with slashes between them.</param>
    /// <param name="key">The derived signing key.</param>
    /// <param name="signature">Receives 32 bytes.</param>
    public static void Sign(
        ReadOnlySpan<byte> canonical, ReadOnlySpan<char> timestamp, ReadOnlySpan<char> scope, ReadOnlySpan<byte> key, Span<byte> signature)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(canonical, hash);
        Span<char> digits = stackalloc char[2 * SHA256.HashSizeInBytes];
        Convert.TryToHexStringLower(hash, digits, out _);
        using var text = new ByteWriter();
        text.Write("AWS4-HMAC-SHA256\n"u8);
        WriteText(text, timestamp);
        text.Write("\n"u8);
        WriteText(text, scope);
        text.Write("\n"u8);
        WriteText(text, digits);
        HMACSHA256.HashData(key, text.WrittenSpan, signature);
    }

    private static void WriteHeader(ByteWriter output, IHeaderDictionary headers, ReadOnlySpan<char> name)
    {
        WriteText(output, name);
        output.Write(":"u8);
        // Servers show what HTTP/2 calls the authority as the host that it is.
        var known = name.SequenceEqual(HeaderName.Authority) ? HeaderName.Host : HeaderName.Of(name);
        var values = headers.TryGetValue(known, out var found) ? found : StringValues.Empty;
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0) output.Write(","u8);
            WriteFolded(output, values[i]);
        }

        output.Write("\n"u8);
    }

    /// <summary>A value without the white space at its ends, and with every run of it inside as one space.</summary>
    private static void WriteFolded(ByteWriter output, ReadOnlySpan<char> value)
    {
        value = value.Trim();
        while (value.IndexOfAny(" \t\r\n") is var at and >= 0)
        {
            WriteText(output, value[..at]);
            output.Write(" "u8);
            value = value[at..].TrimStart();
        }

        WriteText(output, value);
    }

    private static void WriteText(ByteWriter output, ReadOnlySpan<char> text)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
    }
}
