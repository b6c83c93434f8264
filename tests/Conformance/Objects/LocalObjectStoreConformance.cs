using Sluice.Objects;
using Sluice.Testing.Watched;

namespace Sluice.Conformance.Objects;

public sealed class LocalObjectStoreConformance : ObjectStoreConformance, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-objects-");

    public LocalObjectStoreConformance()
    {
        Store = LocalObjectStore.Open(_directory.FullName);
        RaceStore = LocalObjectStore.OpenBeside(_directory.FullName, new UnsyncedFiles());
    }

    protected override IObjectStore Store { get; }

    // Eight syncs a round are minutes on a busy disk, and link(2) does not care.
    protected override IObjectStore RaceStore { get; }

    public void Dispose() => _directory.Delete(recursive: true);
}
