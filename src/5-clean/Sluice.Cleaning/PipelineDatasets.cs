using Sluice.Definition;

namespace Sluice.Cleaning;

internal static class PipelineDatasets
{
    /// <exception cref="ArgumentException">The pipeline has none of that name.</exception>
    public static Dataset DatasetNamed(this PipelineDefinition pipeline, string name) =>
        pipeline.Datasets.FirstOrDefault(dataset => dataset.Name == name) ?? throw new ArgumentException(
            $"Pipeline {pipeline.Name} has no dataset '{name}'; it has {string.Join(", ", pipeline.Datasets.Select(dataset => dataset.Name))}.",
            nameof(name));
}
