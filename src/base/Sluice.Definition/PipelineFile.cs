using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Definition;

/// <summary>Reads a pipeline folder.</summary>
public static class PipelineFile
{
    /// <summary>The file that makes a folder a pipeline.</summary>
    public const string FileName = "pipeline.yaml";

    /// <summary>Parses and validates pipeline.yaml and the SQL it names. Every fault found is in <see cref="PipelineParse.Faults"/>.</summary>
    /// <remarks>
    /// Valid means: every key is known and of its type, every file is there, and every statement binds in DuckDB against what it
    /// says it reads, with the columns and types that the pipeline declares. No row is read.
    /// </remarks>
    public static PipelineParse Read(string directory)
    {
        var faults = new FaultList();
        var file = Path.Combine(directory, FileName);
        if (Root(file, faults) is not { } root) return new PipelineParse(null, faults.InOrder());
        var reader = new PipelineReader(directory, faults);
        var definition = Ordered(reader.Read(root), faults);
        PipelineBinding.Check(file, definition, reader.Sound, faults);
        return new PipelineParse(faults.Count == 0 ? definition : null, faults.InOrder());
    }

    private static YamlSection? Root(string file, FaultList faults)
    {
        if (!File.Exists(file))
        {
            faults.Add(file, 1, $"there is no such file; a pipeline is a folder that holds a {FileName}");
            return null;
        }

        try
        {
            using var reader = new StreamReader(file);
            var stream = new YamlStream();
            stream.Load(reader);
            if (stream.Documents is [{ RootNode: YamlMappingNode root }]) return new YamlSection(file, FileName, root, faults);
            faults.Add(file, 1, $"{FileName} must be one document of keys and values");
        }
        catch (YamlException e)
        {
            faults.Add(file, (int)Math.Max(1, e.Start.Line), $"{FileName}: {e.InnerException?.Message ?? e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(file, 1, $"cannot be read: {e.Message}");
        }

        return null;
    }

    private static PipelineDefinition Ordered(PipelineDefinition definition, FaultList faults)
    {
        var dag = PipelineDag.Of(definition.Datasets, definition.Questions, out var circle);
        foreach (var question in circle)
        {
            var others = string.Join(", ", circle.Select(q => q.Name));
            faults.Add(question.Sql.Path, question.Sql.ReadsLine, $"'{question.Name}' waits for itself: {others} read each other in a circle");
        }

        return definition with { Dag = dag };
    }
}

/// <summary>The definition when there is no fault, else null and all the faults.</summary>
public sealed record PipelineParse(PipelineDefinition? Definition, IReadOnlyList<Fault> Faults);

/// <summary>Something wrong in a file, with the remedy in the message. Line 1 is the first.</summary>
public sealed record Fault(string File, int Line, string Message)
{
    public override string ToString() => $"{File}:{Line}: {Message}";
}
