using YamlDotNet.RepresentationModel;

namespace Sluice.Source.Generate;

/// <summary>The names that generators of one table or entity may refer to: its own, compiled when first referred to.</summary>
/// <param name="Path">Where it stands in the file, e.g. "tables.orders".</param>
/// <param name="Definitions">Its draws and columns, or its attributes.</param>
/// <param name="Draws">Which of them are helper draws.</param>
internal sealed record Scope(
    string Path, IReadOnlyDictionary<string, YamlNode> Definitions, IReadOnlySet<string> Draws)
{
    /// <summary>What is compiled; null while it is under way, which is how a circle shows.</summary>
    public Dictionary<string, Node?> Compiled { get; } = new(StringComparer.Ordinal);
}

/// <summary>An entity and the names of its attributes.</summary>
internal sealed record EntityScope(Entity Entity, Scope Attributes);
