using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sluice.Tidy;

/// <summary>Files, lines, methods and parameter lists have a hard size.</summary>
internal static class Lengths
{
    public static IEnumerable<Fault> Check(SourceTree tree) => tree.Code.SelectMany(file =>
        FileLength(file).Concat(LineWidth(file)).Concat(MethodLength(file)).Concat(ParameterCount(file)));

    private static IEnumerable<Fault> FileLength(CSharpFile file)
    {
        var limit = file.IsTest ? HouseLimits.TestFileLines : HouseLimits.SourceFileLines;
        var lines = file.Text.AsSpan().TrimEnd().Count('\n') + 1;
        if (lines > limit)
            yield return new(file.Path, 1, Inv($"file of {lines} lines, limit {limit}"), "split it by noun, one type per file");
    }

    private static IEnumerable<Fault> LineWidth(CSharpFile file)
    {
        if (file.IsTest)
            yield break;
        foreach (var line in file.Root.SyntaxTree.GetText().Lines)
        {
            var text = line.ToString();
            if (text.Length > HouseLimits.LineColumns && !text.Contains("://", StringComparison.Ordinal))
            {
                yield return new(file.Path, line.LineNumber + 1,
                    Inv($"line of {text.Length} columns, limit {HouseLimits.LineColumns}"), "break it");
            }
        }
    }

    private static IEnumerable<Fault> MethodLength(CSharpFile file)
    {
        foreach (var node in file.Root.DescendantNodes())
        {
            if (NameOf(node) is not { } name)
                continue;
            var lines = LinesOf(file, node);
            if (lines > HouseLimits.MethodLines)
            {
                yield return new(file.Path, file.LineOf(node.SpanStart),
                    Inv($"{name} has {lines} lines, limit {HouseLimits.MethodLines}"),
                    "split it into methods that each do one named thing");
            }
        }
        var statements = file.Root.Members.OfType<GlobalStatementSyntax>()
            .Where(statement => statement.Statement is not LocalFunctionStatementSyntax).ToList();
        var total = statements.Sum(statement => LinesOf(file, statement));
        if (total > HouseLimits.MethodLines)
        {
            yield return new(file.Path, file.LineOf(statements[0].SpanStart),
                Inv($"top-level statements of {total} lines, limit {HouseLimits.MethodLines}"), "split them into methods");
        }
    }

    /// <summary>A method with attributes starts at its first modifier: data rows of a theory are not code.</summary>
    private static int LinesOf(CSharpFile file, SyntaxNode node)
    {
        var start = node.ChildNodesAndTokens().FirstOrDefault(child => !child.IsKind(Microsoft.CodeAnalysis.CSharp.SyntaxKind.AttributeList));
        return file.LineOf(node.Span.End) - file.LineOf(start.Span.Start) + 1;
    }

    private static string? NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text + " constructor",
        DestructorDeclarationSyntax destructor => "~" + destructor.Identifier.Text,
        OperatorDeclarationSyntax op => "operator " + op.OperatorToken.Text,
        LocalFunctionStatementSyntax local => "local function " + local.Identifier.Text,
        AccessorDeclarationSyntax accessor => accessor.Keyword.Text + " accessor",
        PropertyDeclarationSyntax { ExpressionBody: not null } property => property.Identifier.Text,
        _ => null,
    };

    /// <summary>Records are data and may be wide.</summary>
    private static IEnumerable<Fault> ParameterCount(CSharpFile file)
    {
        foreach (var list in file.Root.DescendantNodes().OfType<ParameterListSyntax>())
        {
            var native = list.Parent is MethodDeclarationSyntax { Body: null, ExpressionBody: null };
            if (list.Parameters.Count > HouseLimits.Parameters && list.Parent is not RecordDeclarationSyntax && !native)
            {
                yield return new(file.Path, file.LineOf(list.SpanStart),
                    Inv($"{list.Parameters.Count} parameters, limit {HouseLimits.Parameters}"), "take an options record");
            }
        }
    }

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
