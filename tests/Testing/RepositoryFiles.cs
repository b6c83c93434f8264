namespace Sluice.Testing;

/// <summary>Finds files of the repository, and the shared samples beside it, from wherever the tests run.</summary>
public static class RepositoryFiles
{
    /// <summary>The folder that holds Sluice.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A path below the root.</summary>
    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A path below the shared folder (SLUICE_SHARED, or ../shared); null when it is not there.</summary>
    public static string? Shared(params string[] parts)
    {
        var shared = Environment.GetEnvironmentVariable("SLUICE_SHARED") ?? Path.Combine(Root, "..", "shared");
        var path = Path.Combine([shared, .. parts]);
        return Path.Exists(path) ? path : null;
    }

    private static string FindRoot()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Sluice.slnx"))) return directory;
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Sluice.slnx.");
    }
}
