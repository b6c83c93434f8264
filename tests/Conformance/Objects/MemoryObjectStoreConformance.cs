using Sluice.Objects;
using Sluice.Testing;

namespace Sluice.Conformance.Objects;

/// <summary>The tests' own store keeps the same contract, so what is proved over it holds for the real ones.</summary>
public sealed class MemoryObjectStoreConformance : ObjectStoreConformance
{
    protected override IObjectStore Store { get; } = new MemoryObjectStore();
}
