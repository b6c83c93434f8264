using Sluice.Definition;

namespace Sluice.Source.Generate;

internal static class GeneratedRowSource
{
    public static RowSourceOpening Open(SourceUri.Generated settings, PipelineDefinition pipeline, TimestampSpelling spelling) =>
        new(null, [$"{settings} {pipeline.Name} {spelling}: the generator is not wired yet."]);
}
