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
                if (callee.EndsWith("Thread.Sleep", StringComparison.Ordinal) || (IsDelay(callee) && !TakesFakeTime(call)))
                {
                    yield return new(file.Path, file.LineOf(call.SpanStart), $"{callee} in a test",
                        "await the event, or give Task.Delay the FakeTimeProvider of the test");
                }
            }
        }
    }

    private static bool IsDelay(string callee) => callee is "Task.Delay" or "System.Threading.Tasks.Task.Delay";

    private static bool TakesFakeTime(InvocationExpressionSyntax call) =>
        call.ArgumentList.Arguments.Count >= 2 && FakeTime().IsMatch(call.ArgumentList.Arguments[1].ToString());

    [GeneratedRegex("^_?(time|clock|timeProvider|fake[A-Za-z]*|[a-z]+(Time|Clock|TimeProvider))$")]
    private static partial Regex FakeTime();
}
