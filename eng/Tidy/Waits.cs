using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sluice.Tidy;

/// <summary>Tests await events or move a fake clock; a test that sleeps is slow on a good day and wrong on a bad one.</summary>
internal static partial class Waits
{
    public static IEnumerable<Fault> Check(SourceTree tree)
    {
        foreach (var file in tree.Code.Where(file => file.IsTest))
        {
            foreach (var call in file.Root.DescendantNodes().OfType<InvocationExpressionSyntax>())
            {
                var callee = call.Expression.ToString();
                if (callee.EndsWith("Thread.Sleep", StringComparison.Ordinal) || (IsDelay(callee) && !TakesFakeTime(call) && !IsEndless(call)))
                {
                    yield return new(file.Path, file.LineOf(call.SpanStart), $"{callee} in a test",
                        "await the event, or give Task.Delay the FakeTimeProvider of the test");
                }
            }
        }
    }

    private static bool IsDelay(string callee) => callee is "Task.Delay" or "System.Threading.Tasks.Task.Delay";

    /// <summary>A wait without end only ends by its token: it stands for a peer that never answers.</summary>
    private static bool IsEndless(InvocationExpressionSyntax call) =>
        call.ArgumentList.Arguments is [var first, ..] && first.ToString() is "Timeout.Infinite" or "Timeout.InfiniteTimeSpan";

    private static bool TakesFakeTime(InvocationExpressionSyntax call) =>
        call.ArgumentList.Arguments.Count >= 2 && FakeTime().IsMatch(call.ArgumentList.Arguments[1].ToString());

    [GeneratedRegex(@"^(\w+\.)?_?\w*(time|clock|timeProvider)$", RegexOptions.IgnoreCase)]
    private static partial Regex FakeTime();
}
