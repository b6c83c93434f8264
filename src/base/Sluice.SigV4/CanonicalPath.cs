using System.Text;
using Sluice.Bytes;

namespace Sluice.SigV4;

/// <summary>The path of a canonical request (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).</summary>
internal static class CanonicalPath
{
    public static void Write(ByteWriter output, string path, PathStyle style)
    {
        if (path.Length == 0)
        {
            output.Write("/"u8);
            return;
        }

        if (style == PathStyle.Verbatim)
            UriEncoding.WriteReencoded(output, path, keepSlash: true);
        else
            WriteNormalized(output, path);
    }

    private static void WriteNormalized(ByteWriter output, string path)
    {
        var start = output.Length;
        var rest = path.AsSpan();
        var trailingSlash = true;
        while (!rest.IsEmpty)
        {
            var slash = rest.IndexOf('/');
            var segment = slash < 0 ? rest : rest[..slash];
            trailingSlash = slash >= 0 || segment is "." or "..";
            rest = slash < 0 ? [] : rest[(slash + 1)..];
            if (segment is "..")
            {
                output.Reset(Math.Max(start, start + output.WrittenSpan[start..].LastIndexOf((byte)'/')));
            }
            else if (!segment.IsEmpty && segment is not ".")
            {
                output.Write("/"u8);
                UriEncoding.Write(output, segment, keepSlash: false);
            }
        }

        if (output.Length == start || trailingSlash) output.Write("/"u8);
    }
}
