using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Sluice.Tidy;

/// <summary>Comments say why, in the present tense: no notes to self, no history, and no regions.</summary>
internal static partial class Comments
{
    public static IEnumerable<Fault> Check(SourceTree tree) => tree.Code.SelectMany(CheckFile);

    private static IEnumerable<Fault> CheckFile(CSharpFile file)
    {
        foreach (var trivia in file.Root.DescendantTrivia(descendIntoTrivia: false))
        {
            if (trivia.IsKind(SyntaxKind.RegionDirectiveTrivia))
                yield return new(file.Path, file.LineOf(trivia.SpanStart), "#region", "make the type smaller");
            if (!IsComment(trivia))
                continue;
            var text = trivia.ToFullString();
            if (Notes().Match(text) is { Success: true } note)
                yield return new(file.Path, LineOf(file, trivia, note), $"'{note.Value}' in a comment", "do it, or open an issue");
            if (Temporal().Match(text) is { Success: true } word)
            {
                yield return new(file.Path, LineOf(file, trivia, word), $"'{word.Value}' in a comment tells history",
                    "say what holds, in the present tense; history is in git");
            }
        }
    }

    private static int LineOf(CSharpFile file, SyntaxTrivia trivia, Match match) => file.LineOf(trivia.FullSpan.Start + match.Index);

    private static bool IsComment(SyntaxTrivia trivia) => trivia.Kind() is SyntaxKind.SingleLineCommentTrivia
        or SyntaxKind.MultiLineCommentTrivia
        or SyntaxKind.SingleLineDocumentationCommentTrivia
        or SyntaxKind.MultiLineDocumentationCommentTrivia;

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex Notes();

    /// <summary>Only phrases that tell of an earlier or later state of the code; 'previous' and 'no longer' alone may be about data.</summary>
    [GeneratedRegex(@"\b(for now|for the moment|now uses|now returns|as requested|used to be|previously (was|used|called|known|did|had)|"
        + @"no longer (uses|used|needed|needs|supported|required)|was renamed (to|from)|"
        + @"not (yet )?implemented( yet)?|will be (added|implemented|replaced)|in a later (issue|version|release)|"
        + @"fixed in #|(first|old|new) (version|implementation) of this)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Temporal();
}
