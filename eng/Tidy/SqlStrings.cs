using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sluice.Tidy;

/// <summary>
/// SQL that answers a question is a .sql file of the pipeline, where its user reads and changes it. Projects that keep state
/// in a database or speak to an engine hold their internal statements; ingest, sink, definition and console hold none that
/// do more than read a table by its name.
/// </summary>
internal static partial class SqlStrings
{
    private static readonly string[] s_without = ["src/1-ingest/", "src/3-sink/", "src/9-console/", "src/base/Sluice.Definition/"];

    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        foreach (var file in tree.Code.Where(file => s_without.Any(prefix => file.Path.StartsWith(prefix, StringComparison.Ordinal))))
        {
            foreach (var text in file.Root.DescendantNodes().OfType<ExpressionSyntax>().Where(IsText))
            {
                if (Question().IsMatch(text.ToString()))
                {
                    yield return new(file.Path, file.LineOf(text.SpanStart), "SQL in a C# string",
                        "put it in a .sql file of the pipeline, or in the project of the store that it reads");
                }
            }
        }
    }

    private static bool IsText(ExpressionSyntax expression) =>
        expression is InterpolatedStringExpressionSyntax || expression.IsKind(SyntaxKind.StringLiteralExpression);

    /// <summary>A select, within its quotes, with a clause that makes it more than a read.</summary>
    [GeneratedRegex(@"^[$@""\s]*(SELECT|WITH)\b.*(\b|\\n)(WHERE|JOIN|GROUP BY|ORDER BY|HAVING|UNION|OVER)\b",
        RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Question();
}
