using Sluice.Tidy;

namespace Sluice.Unit.House;

/// <summary>A small repository in a private directory, with whatever a test plants in it.</summary>
internal sealed class PlantedTree : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sluice-house-").FullName;

    public PlantedTree(params (string Path, string Text)[] files)
    {
        foreach (var (path, text) in files.Prepend(("Sluice.slnx", "<Solution />")))
        {
            var full = Path.Combine(_root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text);
        }
    }

    public IReadOnlyList<Fault> Faults() => HouseRules.Check(_root);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
