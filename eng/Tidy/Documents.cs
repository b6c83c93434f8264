using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Sluice.Tidy;

/// <summary>Every path, link, project and type that a document names exists. The changelog tells history and is left out.</summary>
internal static partial class Documents
{
    private static readonly string[] s_top = ["README.md", "ARCHITECTURE.md", "STYLE.md", "CONTRIBUTING.md", "SECURITY.md"];

    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        var documents = tree.Files.Where(path => s_top.Contains(path)
            || (path.StartsWith("docs/", StringComparison.Ordinal) && path.EndsWith(".md", StringComparison.Ordinal))).ToList();
        if (documents.Count == 0)
            return [];
        var vocabulary = Vocabulary(tree);
        return documents.SelectMany(path => CheckDocument(tree, vocabulary, path));
    }

    private static IEnumerable<Fault> CheckDocument(SourceTree tree, HashSet<string> vocabulary, string path)
    {
        var fenced = false;
        var number = 0;
        foreach (var line in tree.Read(path).Split('\n'))
        {
            number++;
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                fenced = !fenced;
            foreach (var missing in MissingPaths(tree, line))
                yield return new(path, number, $"{missing} does not exist", "name what is there");
            if (fenced)
                continue;
            foreach (var missing in MissingLinks(tree, path, line))
                yield return new(path, number, $"the link {missing} leads nowhere", "link to what is there");
            foreach (var missing in MissingNames(vocabulary, line))
                yield return new(path, number, $"nothing in the code is called {missing}", "name what is there");
        }
    }

    private static IEnumerable<string> MissingPaths(SourceTree tree, string line) => Paths().Matches(Links().Replace(line, "]"))
        .Select(match => match.Value.TrimEnd('.', '/', '-'))
        .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !tree.Exists(path));

    private static IEnumerable<string> MissingLinks(SourceTree tree, string document, string line)
    {
        foreach (Match match in Links().Matches(line))
        {
            var target = match.Groups[1].Value.Split('#')[0];
            if (target.Length == 0 || target.Contains(':', StringComparison.Ordinal))
                continue;
            if (!tree.Exists(Path.Combine(Path.GetDirectoryName(document) ?? "", target)))
                yield return target;
        }
    }

    private static IEnumerable<string> MissingNames(HashSet<string> vocabulary, string line)
    {
        foreach (Match match in Quoted().Matches(line))
        {
            var quoted = match.Groups[1].Value;
            if (!TypeLike().IsMatch(quoted))
                continue;
            foreach (Match word in Humps().Matches(quoted))
            {
                if (!vocabulary.Contains(word.Value))
                    yield return word.Value;
            }
            if (quoted.StartsWith("Sluice.", StringComparison.Ordinal) && !vocabulary.Contains(quoted.Split('<', '(')[0]) && !IsMember(vocabulary, quoted))
                yield return quoted;
        }
    }

    private static bool IsMember(HashSet<string> vocabulary, string quoted) =>
        quoted.Split('.').Skip(1).All(part => vocabulary.Contains(part.Split('<', '(')[0]));

    /// <summary>Identifiers and the words of string literals in the code, and the names of projects.</summary>
    private static HashSet<string> Vocabulary(SourceTree tree)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in tree.Code)
        {
            foreach (var token in file.Root.DescendantTokens())
            {
                if (token.IsKind(SyntaxKind.IdentifierToken))
                    words.Add(token.ValueText);
                else if (token.Text.Length > 2 && token.Kind() is not SyntaxKind.NumericLiteralToken)
                    words.UnionWith(Humps().Matches(token.Text).Select(match => match.Value));
            }
        }
        foreach (var path in tree.Files.Where(path => Settings().IsMatch(path)))
        {
            words.Add(Path.GetFileNameWithoutExtension(path));
            words.UnionWith(Humps().Matches(tree.Read(path)).Select(match => match.Value));
        }
        return words;
    }

    [GeneratedRegex(@"(?<![\w/.<{*~-])(?:src|docs|tests|eng|pipelines|benchmarks|deploy|protocol)/[\w./-]*[\w/](?![\w./-]*[<{*…])")]
    private static partial Regex Paths();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    /// <summary>One name or a dotted one, with optional generic arguments or call brackets: nothing with spaces or slashes.</summary>
    [GeneratedRegex(@"^[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)*(<[A-Za-z0-9, ]+>)?(\(\))?$")]
    private static partial Regex TypeLike();

    /// <summary>A name of two humps or more; a single capitalised word is prose.</summary>
    [GeneratedRegex("[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+")]
    private static partial Regex Humps();

    [GeneratedRegex(@"\.(csproj|props|slnx|editorconfig|ya?ml|json|sql)$|(^|/)BannedSymbols\.txt$")]
    private static partial Regex Settings();
}
