namespace Sluice.Testing;

/// <summary>Where this checkout is, and the reference data beside it.</summary>
public static class Repository
{
    /// <summary>The folder that holds Sluice.slnx.</summary>
    public static string Root { get; } = Find();

    /// <summary>The shared reference data: SLUICE_TEST_SHARED, else the folder "shared" beside the checkout; null when absent.</summary>
    public static string? Shared { get; } = FindShared();

    /// <summary>A file or folder of the reference data; skips the running test, by name, where it is absent.</summary>
    public static string SharedOrSkip(string path)
    {
        var full = Path.Combine(Shared ?? "", path);
        Assert.SkipUnless(Shared is not null && (File.Exists(full) || Directory.Exists(full)), $"needs ../shared/{path}");
        return full;
    }

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Sluice.slnx")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside a checkout.");
        return directory.FullName;
    }

    private static string? FindShared()
    {
        var named = Environment.GetEnvironmentVariable("SLUICE_TEST_SHARED") ?? Path.Combine(Root, "..", "shared");
        return Directory.Exists(named) ? Path.GetFullPath(named) : null;
    }
}
