using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sluice.Tidy;

/// <summary>Names that say nothing about what a thing does are refused for types, files and folders.</summary>
internal static partial class Names
{
    private const string Remedy = "name what it does, or put the code with the type it serves";

    private static readonly HashSet<string> s_words = new(StringComparer.OrdinalIgnoreCase)
    {
        "Manager", "Managers", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Misc", "Processor", "Processors",
    };

    private static readonly HashSet<string> s_folders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Models", "Services", "Interfaces", "Extensions", "Common", "Core", "Abstractions", "Shared",
        "Helpers", "Utils", "Managers", "Misc",
    };

    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        foreach (var fault in CheckFolders(tree))
            yield return fault;
        foreach (var file in tree.Code)
        {
            var stem = Path.GetFileNameWithoutExtension(file.Path);
            if (BadWord(stem) is { } word)
                yield return new(file.Path, 1, $"the file name says '{word}'", Remedy);
            foreach (var type in file.Root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>())
            {
                if (BadWord(type.Identifier.Text) is { } bad)
                    yield return new(file.Path, file.LineOf(type.Identifier.SpanStart), $"the type {type.Identifier.Text} says '{bad}'", Remedy);
            }
        }
    }

    private static IEnumerable<Fault> CheckFolders(SourceTree tree)
    {
        var seen = new HashSet<string>();
        foreach (var path in tree.Files.Where(IsCodeFolder))
        {
            var parts = path.Split('/');
            for (var i = 1; i < parts.Length - 1; i++)
            {
                var folder = string.Join('/', parts[..(i + 1)]);
                var drawer = s_folders.Contains(parts[i]) || parts[i].Split('.').Skip(1).Any(s_folders.Contains);
                if (drawer && seen.Add(folder))
                    yield return new(folder, 1, $"a folder called {parts[i]} is a drawer", "name the folder after the feature it holds");
            }
        }
    }

    private static bool IsCodeFolder(string path) => path.StartsWith("src/", StringComparison.Ordinal)
        || path.StartsWith("tests/", StringComparison.Ordinal)
        || path.StartsWith("eng/", StringComparison.Ordinal)
        || path.StartsWith("benchmarks/", StringComparison.Ordinal);

    /// <summary>'Common' is refused as a whole name or as the last word: S3 has CommonPrefixes.</summary>
    private static string? BadWord(string name)
    {
        var words = Words().Matches(name).Select(match => match.Value).ToList();
        if (words.Count > 0 && words[^1] == "Common")
            return "Common";
        return words.FirstOrDefault(s_words.Contains);
    }

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")]
    private static partial Regex Words();
}
