namespace Sluice.Definition;

/// <summary>Reads a pipeline folder.</summary>
public static class PipelineFile
{
    /// <summary>Parses and validates pipeline.yaml and the SQL it names. Every fault found is in <see cref="PipelineParse.Faults"/>.</summary>
    public static PipelineParse Read(string directory) => throw new NotImplementedException(directory);
}

/// <summary>The definition when there is no fault, else null and all the faults.</summary>
public sealed record PipelineParse(PipelineDefinition? Definition, IReadOnlyList<Fault> Faults);

/// <summary>Something wrong in a file, with the remedy in the message. Line 1 is the first.</summary>
public sealed record Fault(string File, int Line, string Message)
{
    public override string ToString() => $"{File}:{Line}: {Message}";
}
