using System.Globalization;

namespace Sluice.Tables;

/// <summary>Which leaf columns of a table get statistics.</summary>
/// <param name="Count">As many as this, in schema order; -1 for all.</param>
/// <param name="Names">These, with what is inside them, instead; null for none named.</param>
internal sealed record IndexedColumns(int Count, IReadOnlyList<string>? Names = null)
{
    /// <summary>The first 32, Delta's default of <c>delta.dataSkippingNumIndexedCols</c>.</summary>
    public static IndexedColumns Default { get; } = new(32);

    public static IndexedColumns Of(TableMetadata metadata)
    {
        if (metadata.Configuration.TryGetValue("delta.dataSkippingStatsColumns", out var names))
            return new IndexedColumns(-1, [.. names.Split(',', StringSplitOptions.TrimEntries).Select(n => n.Replace("`", "", StringComparison.Ordinal))]);
        return int.TryParse(
            metadata.Configuration.GetValueOrDefault("delta.dataSkippingNumIndexedCols"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count)
            ? new IndexedColumns(count)
            : Default;
    }

    public IEnumerable<(string[] Path, DeltaType? Type)> Of(IEnumerable<(string[] Path, DeltaType? Type)> leaves)
    {
        if (Names is not null) return leaves.Where(leaf => Names.Any(name => $"{string.Join('.', leaf.Path)}.".StartsWith($"{name}.", StringComparison.Ordinal)));
        return Count < 0 ? leaves : leaves.Take(Count);
    }
}
