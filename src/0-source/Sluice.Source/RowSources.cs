using Sluice.Definition;
using Sluice.Source.Csv;
using Sluice.Source.Generate;
using Sluice.Source.MySql;

namespace Sluice.Source;

/// <summary>Opens what --source names, checked against the datasets of a pipeline.</summary>
public static class RowSources
{
    /// <summary>
    /// Opens a source for every dataset of the pipeline. What does not fit (a missing file, table or column, a server that
    /// does not answer) is a fault of the result, not an exception; all of them are found at once.
    /// </summary>
    public static async Task<RowSourceOpening> OpenAsync(
        SourceUri uri, PipelineDefinition pipeline, TimestampSpelling spelling, CancellationToken cancel) => uri switch
        {
            SourceUri.Csv csv => await CsvRowSource.OpenAsync(csv.Directory, pipeline.Datasets, spelling, cancel),
            SourceUri.MySql mysql => await MySqlRowSource.OpenAsync(mysql.Credentials, pipeline.Datasets, spelling, cancel),
            SourceUri.Generated generated => GeneratedRowSource.Open(generated, pipeline, spelling),
            _ => throw new ArgumentOutOfRangeException(nameof(uri), uri, "No such kind of source."),
        };
}

/// <summary>The source when there is no fault, else null and all the faults, each with its remedy.</summary>
public sealed record RowSourceOpening(IRowSource? Source, IReadOnlyList<string> Faults);
