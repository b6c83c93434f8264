using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sluice.Tidy;

/// <summary>An exception is translated, filtered or left alone; it is never swallowed.</summary>
internal static class Catches
{
    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        foreach (var file in tree.Code)
        {
            foreach (var clause in file.Root.DescendantNodes().OfType<CatchClauseSyntax>())
            {
                if (What(clause) is { } what)
                {
                    yield return new(file.Path, file.LineOf(clause.SpanStart), what,
                        "catch the one type that is expected and say in the block why it may be dropped, or let it stop the stage");
                }
            }
        }
    }

    private static string? What(CatchClauseSyntax clause)
    {
        var statements = clause.Block.Statements;
        var wide = clause.Filter is null && clause.Declaration?.Type.ToString() is null or "Exception" or "System.Exception";
        if (statements.Count == 0)
        {
            if (wide)
                return "an empty catch of every exception";
            return HasComment(clause.Block) ? null : "an empty catch without a reason";
        }
        return wide && statements.All(IsLogCall) ? "a catch of every exception that logs and goes on" : null;
    }

    private static bool HasComment(BlockSyntax block) => block.DescendantTrivia()
        .Any(trivia => trivia.ToString().StartsWith("//", StringComparison.Ordinal)
            || trivia.ToString().StartsWith("/*", StringComparison.Ordinal));

    private static bool IsLogCall(StatementSyntax statement) =>
        statement is ExpressionStatementSyntax { Expression: InvocationExpressionSyntax call }
        && call.Expression is MemberAccessExpressionSyntax member
        && (member.Name.Identifier.Text.StartsWith("Log", StringComparison.Ordinal)
            || member.Expression.ToString().EndsWith("Log", StringComparison.Ordinal)
            || member.Expression.ToString() is "Console" or "Console.Error");
}
