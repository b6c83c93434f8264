using Sluice.Objects;

namespace Sluice.Conformance.Objects;

public sealed class LocalObjectStoreConformance : ObjectStoreConformance, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-objects-");
    private IObjectStore? _store;

    protected override IObjectStore Store => _store ??= LocalObjectStore.Open(_directory.FullName);

    public void Dispose() => _directory.Delete(recursive: true);
}
