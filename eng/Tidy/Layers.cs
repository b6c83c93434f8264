using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Sluice.Tidy;

/// <summary>
/// Even folders hold data at rest, odd folders data in motion. Motion may reference rest, rest only earlier rest,
/// motion never motion; everything may reference base, base only base; the host references what it wires.
/// </summary>
internal static partial class Layers
{
    private const string Host = "src/9-console/Sluice/Sluice.csproj";

    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        foreach (var path in tree.Files.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal) && IsSource(path)))
        {
            if (LayerOf(path) is null)
            {
                yield return new(path, 1, "a project outside the numbered folders",
                    "put it in src/base or src/<digit>-<name>/");
                continue;
            }
            var document = XDocument.Parse(tree.Read(path), LoadOptions.SetLineInfo);
            foreach (var reference in document.Descendants("ProjectReference"))
            {
                if (CheckReference(path, reference) is { } fault)
                    yield return fault;
            }
        }
    }

    private static Fault? CheckReference(string path, XElement reference)
    {
        var include = (string?)reference.Attribute("Include") ?? "";
        var target = Normalize(Path.GetDirectoryName(path)!, include);
        var line = ((IXmlLineInfo)reference).LineNumber;
        if (path == Host)
            return null;
        if (LayerOf(target) is not { } to)
            return new(path, line, $"{Name(path)} references {target}, which is in no layer", "reference projects of src/ only");
        var from = LayerOf(path)!.Value;
        return Remedy(from, to, target) is { } remedy
            ? new(path, line, $"{Name(path)} ({Describe(from)}) must not reference {Name(target)} ({Describe(to)})", remedy)
            : null;
    }

    private static string? Remedy(int from, int to, string target)
    {
        if (target == Host)
            return "nothing references the host: what is shared belongs to a store or to base";
        if (to == Base)
            return null;
        if (from == Base)
            return "base knows no layer: move the type that is needed into base, or the code that needs it up";
        if (IsMotion(to))
            return "stages meet only at a store: write to the data at rest between them and read it from there";
        if (!IsMotion(from) && to >= from && !SameStore(from, to))
            return "rest references only earlier rest: turn the arrow round, or move the code that joins both into a stage";
        return null;
    }

    private const int Base = -1;

    private static bool IsMotion(int layer) => layer >= 0 && layer % 2 == 1;

    /// <summary>A second implementation of a store's contract (Sluice.Log.Kafka) lives beside the contract.</summary>
    private static bool SameStore(int from, int to) => from == to;

    private static int? LayerOf(string path)
    {
        if (path.StartsWith("src/base/", StringComparison.Ordinal))
            return Base;
        var match = Numbered().Match(path);
        return match.Success ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;
    }

    private static string Describe(int layer) =>
        layer == Base ? "base" : string.Create(CultureInfo.InvariantCulture, $"{layer}, {(IsMotion(layer) ? "motion" : "rest")}");

    private static string Name(string path) => Path.GetFileNameWithoutExtension(path);

    private static bool IsSource(string path) => path.StartsWith("src/", StringComparison.Ordinal);

    private static string Normalize(string directory, string include)
    {
        var full = Path.GetFullPath(Path.Combine("/", directory, include.Replace('\\', '/')));
        return Path.GetRelativePath("/", full).Replace('\\', '/');
    }

    [GeneratedRegex("^src/([0-9]+)-[^/]+/")]
    private static partial Regex Numbered();
}
