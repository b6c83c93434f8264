namespace Sluice.Tidy;

/// <summary>The root is the front door: what stands in it is listed here.</summary>
internal static class RootFolder
{
    private static readonly HashSet<string> s_files =
    [
        "README.md", "ARCHITECTURE.md", "STYLE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "COPYING.txt",
        "Sluice.slnx", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json",
        "nuget.config", "BannedSymbols.txt", "CodeMetricsConfig.txt",
        ".editorconfig", ".gitignore", ".gitattributes", ".git", ".dockerignore",
        "sluice", "test", "bench",
    ];

    private static readonly HashSet<string> s_folders =
        [".ci", ".github", "src", "tests", "eng", "docs", "benchmarks", "deploy", "pipelines", "protocol"];

    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        foreach (var path in tree.Files)
        {
            var slash = path.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0 && !s_files.Contains(path) && !path.EndsWith(".user", StringComparison.Ordinal))
                yield return new(path, 1, "a file that does not belong in the root", "move it to the folder it is about, or list it in eng/Tidy/RootFolder.cs");
        }
        foreach (var folder in tree.Files.Where(path => path.Contains('/', StringComparison.Ordinal))
            .Select(path => path[..path.IndexOf('/', StringComparison.Ordinal)]).Distinct().Where(name => !s_folders.Contains(name)))
        {
            yield return new(folder, 1, "a folder that does not belong in the root", "move it, or list it in eng/Tidy/RootFolder.cs");
        }
    }
}
