namespace Sluice.Tidy;

/// <summary>Every rule of the house over one tree. STYLE.md says in prose what is checked here.</summary>
public static class HouseRules
{
    public static IReadOnlyList<Fault> Check(string root)
    {
        var tree = new SourceTree(root);
        IEnumerable<Fault>[] rules =
        [
            Layers.Check(tree),
            Lengths.Check(tree),
            Names.Check(tree),
            Comments.Check(tree),
            Catches.Check(tree),
            Waits.Check(tree),
            SingleImplementers.Check(tree),
            SqlStrings.Check(tree),
            RootFolder.Check(tree),
            Documents.Check(tree),
        ];
        return [.. rules.SelectMany(faults => faults)
            .OrderBy(fault => fault.Path, StringComparer.Ordinal).ThenBy(fault => fault.Line)];
    }
}
