namespace Sluice.Tidy;

/// <summary>Finds the repository a command was started in, so that it works from any directory below.</summary>
public static class RepositoryRoot
{
    public static string Find(string start)
    {
        for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Sluice.slnx")))
                return directory.FullName;
        }
        throw new DirectoryNotFoundException($"No Sluice.slnx in {start} or above it; start this inside the repository.");
    }
}
