using Sluice.Console.Node;

namespace Sluice.Unit.Console;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("sluice-owner-");

    [Fact]
    public void One_owner_at_a_time()
    {
        using (DataDirectory.TryOwn(_root.FullName).ShouldNotBeNull()) DataDirectory.TryOwn(_root.FullName).ShouldBeNull();
        using var next = DataDirectory.TryOwn(_root.FullName).ShouldNotBeNull();
    }

    [Fact]
    public void What_is_no_lock_of_another_is_told_as_what_it_is()
    {
        // Opened it can be, and no file it is.
        Assert.SkipUnless(File.Exists("/dev/full"), "/dev/full is missing");
        File.CreateSymbolicLink(Path.Combine(_root.FullName, DataDirectory.LockName), "/dev/full");
        Should.Throw<IOException>(() => DataDirectory.TryOwn(_root.FullName));
    }

    public void Dispose() => _root.Delete(recursive: true);
}
