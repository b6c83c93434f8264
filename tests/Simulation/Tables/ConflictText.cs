using Shouldly;
using Sluice.Tables;

namespace Sluice.Simulation.Tables;

/// <summary>What a conflict must say: the rule, the version that was first, and what it did there.</summary>
internal static class ConflictText
{
    public static void ShouldNameItsRule(CommitResult conflict) => $"{conflict.Outcome}: {conflict.Reason}".ShouldNameItsRule();

    public static void ShouldNameItsRule(this string conflict) => conflict.ShouldMatch(
        "^(DeleteConflict: version \\d+ (also removed .+|removed .+, which was read)|AppendConflict: version \\d+ added .+, which was not read)$");
}
