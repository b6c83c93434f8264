using System.Globalization;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sluice.Tidy;

/// <summary>An interface stands at a store contract or at a fault seam; elsewhere one with a single implementer is a detour.</summary>
internal static class SingleImplementers
{
    /// <summary>Allowed with one implementer, each for its reason.</summary>
    private static readonly Dictionary<string, string> s_allowed = new()
    {
        ["ILog"] = "store contract: embedded, Kafka, Kinesis",
        ["ILogAdmin"] = "store contract: embedded, Kafka",
        ["IObjectStore"] = "store contract: local directory, S3",
        ["IMultipartUpload"] = "part of the object store contract",
        ["IRowSource"] = "source contract: MySQL, CSV, generated",
        ["IFileSystem"] = "fault seam: simulation tests replace the disk",
        ["IFile"] = "fault seam: simulation tests replace the disk",
        ["IQuery"] = "a typed SQL statement, one struct per statement",
        ["IStatement"] = "a typed SQL statement, one struct per statement",
    };

    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        var source = tree.Code.Where(file => file.IsSource).ToList();
        var implementers = source
            .SelectMany(file => file.Root.DescendantNodes().OfType<TypeDeclarationSyntax>())
            .Where(type => type is not InterfaceDeclarationSyntax && type.BaseList is not null)
            .SelectMany(type => type.BaseList!.Types.Select(named => SimpleName(named.Type)).Distinct())
            .CountBy(name => name).ToDictionary();
        foreach (var file in source)
        {
            foreach (var type in file.Root.DescendantNodes().OfType<InterfaceDeclarationSyntax>())
            {
                var name = type.Identifier.Text;
                var count = implementers.GetValueOrDefault(name);
                if (count <= 1 && !s_allowed.ContainsKey(name))
                {
                    yield return new(file.Path, file.LineOf(type.Identifier.SpanStart),
                        string.Create(CultureInfo.InvariantCulture, $"interface {name} has {count} implementers in src"),
                        "use the class itself, or take a delegate; a store contract or fault seam is listed in eng/Tidy/SingleImplementers.cs");
                }
            }
        }
    }

    private static string SimpleName(TypeSyntax type) => type switch
    {
        QualifiedNameSyntax qualified => SimpleName(qualified.Right),
        SimpleNameSyntax simple => simple.Identifier.Text,
        _ => type.ToString(),
    };
}
