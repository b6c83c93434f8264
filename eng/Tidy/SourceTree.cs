using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sluice.Tidy;

/// <summary>The files of one repository that people write: build output and local data are left out.</summary>
public sealed class SourceTree
{
    private static readonly HashSet<string> s_skipped =
        ["bin", "obj", ".git", ".vs", ".idea", "node_modules", "artifacts", "TestResults"];

    private readonly Lazy<IReadOnlyList<CSharpFile>> _code;

    public SourceTree(string root)
    {
        Root = Path.GetFullPath(root);
        Files = [.. Walk(Root).Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];
        _code = new(() => [.. Files.Where(path => path.EndsWith(".cs", StringComparison.Ordinal))
            .AsParallel().AsOrdered().Select(path => new CSharpFile(path, Read(path)))]);
    }

    public string Root { get; }

    /// <summary>Paths relative to the root, with forward slashes, in ordinal order.</summary>
    public IReadOnlyList<string> Files { get; }

    public IReadOnlyList<CSharpFile> Code => _code.Value;

    public string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public bool Exists(string path)
    {
        var full = Path.Combine(Root, path);
        return File.Exists(full) || Directory.Exists(full);
    }

    private static IEnumerable<string> Walk(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory))
            yield return file;
        foreach (var child in Directory.EnumerateDirectories(directory))
        {
            var name = Path.GetFileName(child);
            var localData = name == "data" && File.Exists(Path.Combine(directory, "Sluice.slnx"));
            if (s_skipped.Contains(name) || localData)
                continue;
            foreach (var file in Walk(child))
                yield return file;
        }
    }
}

/// <summary>A C# file, parsed.</summary>
public sealed class CSharpFile
{
    public CSharpFile(string path, string text)
    {
        Path = path;
        Text = text;
        Root = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)
            .WithFeatures([new("FileBasedProgram", "true")])).GetCompilationUnitRoot();
    }

    public string Path { get; }

    public string Text { get; }

    public CompilationUnitSyntax Root { get; }

    public bool IsTest => Path.StartsWith("tests/", StringComparison.Ordinal);

    public bool IsSource => Path.StartsWith("src/", StringComparison.Ordinal);

    public int LineOf(int position) => Root.SyntaxTree.GetText().Lines.GetLinePosition(position).Line + 1;
}
