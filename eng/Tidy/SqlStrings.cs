using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sluice.Tidy;

/// <summary>
/// SQL that a user reads or changes is a .sql file of the pipeline. Projects that keep state in a database or speak to
/// an engine hold their internal statements; ingest, sink, definition and console hold none.
/// </summary>
internal static class SqlStrings
{
    private static readonly string[] s_without = ["src/1-ingest/", "src/3-sink/", "src/9-console/", "src/base/Sluice.Definition/"];

    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        foreach (var file in tree.Code.Where(file => s_without.Any(prefix => file.Path.StartsWith(prefix, StringComparison.Ordinal))))
        {
            foreach (var token in file.Root.DescendantTokens().Where(token => IsText(token.Kind())))
            {
                if (token.ValueText.TrimStart().StartsWith("SELECT ", StringComparison.OrdinalIgnoreCase))
                {
                    yield return new(file.Path, file.LineOf(token.SpanStart), "SQL in a C# string",
                        "put it in a .sql file of the pipeline, or in the project of the store that it reads");
                }
            }
        }
    }

    private static bool IsText(SyntaxKind kind) => kind is SyntaxKind.StringLiteralToken
        or SyntaxKind.InterpolatedStringTextToken
        or SyntaxKind.SingleLineRawStringLiteralToken
        or SyntaxKind.MultiLineRawStringLiteralToken
        or SyntaxKind.Utf8StringLiteralToken;
}
