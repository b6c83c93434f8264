using System.Buffers;
using System.Text;

namespace Sluice.Tables;

/// <summary>Paths of data files: URI-encoded in the log, decoded for comparing and opening.</summary>
/// <remarks>RFC 2396, as the protocol asks of <c>add.path</c>.</remarks>
internal static class DataPath
{
    /// <summary>Characters that a URI path keeps as they are; all others become %XX of their UTF-8 bytes.</summary>
    private static readonly SearchValues<char> s_unescaped =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()/:@&=+$,");

    /// <summary>Characters of a URI's scheme.</summary>
    private static readonly SearchValues<char> s_scheme = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");

    /// <summary>The path with every %XX decoded, and a <c>file:</c> scheme of whatever spelling taken off.</summary>
    public static string Canonical(string path)
    {
        var decoded = path.Contains('%') ? Uri.UnescapeDataString(path) : path;
        if (!decoded.StartsWith("file:", StringComparison.Ordinal)) return decoded;
        var rest = decoded.AsSpan("file:".Length);
        return string.Concat("/", rest.TrimStart('/'));
    }

    /// <summary>The spelling for the log of a decoded path.</summary>
    public static string Encode(string path)
    {
        if (!path.AsSpan().ContainsAnyExcept(s_unescaped)) return path;
        var encoded = new StringBuilder(path.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(path))
        {
            if (s_unescaped.Contains((char)b)) encoded.Append((char)b);
            else encoded.Append('%').Append(b.ToString("X2", null));
        }

        return encoded.ToString();
    }

    /// <summary>Whether a canonical path is absolute: it has a scheme or begins at the root.</summary>
    public static bool IsAbsolute(string canonical)
    {
        if (canonical.StartsWith('/')) return true;
        var colon = canonical.IndexOf(":/", StringComparison.Ordinal);
        return colon > 0 && !canonical.AsSpan(0, colon).ContainsAnyExcept(s_scheme);
    }
}

/// <summary>What names a logical file: its canonical path and, if rows of it are deleted, the deletion vector.</summary>
internal readonly record struct FileKey(string Path, string? DeletionVectorId)
{
    public static FileKey Of(AddFile add) => new(DataPath.Canonical(add.Path), add.DeletionVector?.UniqueId);

    public static FileKey Of(RemoveFile remove) => new(DataPath.Canonical(remove.Path), remove.DeletionVector?.UniqueId);
}
