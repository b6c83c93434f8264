using Sluice.Definition;

namespace Sluice.Cleaning;

/// <summary>A run of the cleaning or of a replay that could not be done; the message holds the remedy.</summary>
public sealed class CleaningException(string message) : Exception(message);

/// <summary>The raw objects are not what the sink writes: foreign names, or offsets missing between objects.</summary>
public sealed class RawDataException(string message) : Exception(message);

/// <summary>A pipeline's clean SQL does what no cleaning may do. The remedy is to mend the file; nothing was committed.</summary>
public sealed class CleanSqlException : Exception
{
    internal CleanSqlException(Dataset dataset, string fault)
        : base($"{dataset.Clean.Path} {fault}.")
    {
    }
}

/// <summary>Another writer committed first; nothing of this attempt counts, and a new one begins from what is there.</summary>
internal sealed class OvertakenException(string message) : Exception(message);
