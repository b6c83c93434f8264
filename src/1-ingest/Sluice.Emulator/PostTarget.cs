using Sluice.Definition;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Emulator;

/// <summary>Where the rows of one table are posted.</summary>
/// <param name="Table">Table at the source.</param>
/// <param name="Topic">The topic or the stream; shown in progress and report.</param>
/// <param name="Url">The full address, e.g. http://127.0.0.1:8080/dev/topics/demo.pin or http://127.0.0.1:8080/dev/streams/streaming-demo-pin.</param>
public sealed record PostTarget(string Table, string Topic, Uri Url)
{
    /// <summary>Of a stream, the raw column whose value is a record's partition key; null of a topic.</summary>
    public string? KeyColumn { get; init; }

    /// <summary>One target per dataset: <c>{gateway}/{stage}/topics/{topic}</c>.</summary>
    /// <param name="stage">The gateway's stage; empty posts to a Kafka REST proxy directly.</param>
    public static IReadOnlyList<PostTarget> ForGateway(Uri gateway, string stage, PipelineDefinition pipeline) =>
        [.. pipeline.Datasets.Select(d => new PostTarget(d.Table, d.Topic, UrlOf(Join(gateway.AbsoluteUri, stage), "topics", d.Topic)))];

    /// <summary>One target per dataset: <c>{gateway}/{stage}/streams/{stream}</c>.</summary>
    /// <param name="stage">The gateway's stage.</param>
    public static IReadOnlyList<PostTarget> ForStreams(Uri gateway, string stage, PipelineDefinition pipeline) =>
        [.. pipeline.Datasets.Select(d => StreamTarget(d, UrlOf(Join(gateway.AbsoluteUri, stage), "streams", d.Stream)))];

    /// <summary>
    /// Reads aws_urls.yaml: a line per table, <c>table: invoke URL</c>. The URL is either the full address of the topic or an
    /// invoke URL, to which /topics/{topic} is added. A dataset without a line, or a line that is no address, is a fault.
    /// </summary>
    public static PostTargetParse ReadAwsUrls(string path, PipelineDefinition pipeline) => Read(
        path,
        pipeline,
        (dataset, url) => new PostTarget(
            dataset.Table,
            dataset.Topic,
            url.AbsolutePath.Contains("/topics/", StringComparison.Ordinal) ? url : UrlOf(url.AbsoluteUri, "topics", dataset.Topic)));

    /// <summary>
    /// As <see cref="ReadAwsUrls"/>, for streams: the URL is the address of the stream, with or without /record or /records, or an invoke URL,
    /// to which /streams/{stream} is added.
    /// </summary>
    public static PostTargetParse ReadStreamUrls(string path, PipelineDefinition pipeline) => Read(
        path,
        pipeline,
        (dataset, url) => StreamTarget(
            dataset,
            url.AbsolutePath.Contains("/streams/", StringComparison.Ordinal) ? WithoutAction(url) : UrlOf(url.AbsoluteUri, "streams", dataset.Stream)));

    /// <summary>The same target one step further down its address.</summary>
    internal PostTarget Under(string segment) => this with { Url = new Uri(Join(Url.AbsoluteUri, segment)) };

    private static PostTargetParse Read(string path, PipelineDefinition pipeline, Func<Dataset, Uri, PostTarget> targetOf)
    {
        var faults = new List<Fault>();
        var urls = ReadMapping(path, faults);
        var targets = new List<PostTarget>();
        foreach (var dataset in faults.Count == 0 ? pipeline.Datasets : [])
        {
            if (!urls.TryGetValue(dataset.Table, out var entry))
            {
                faults.Add(new Fault(path, 1, $"table '{dataset.Table}' has no invoke URL; add a line '{dataset.Table}: https://...'."));
            }
            else if (!Uri.TryCreate(entry.Value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                faults.Add(new Fault(path, (int)entry.Start.Line, $"the URL of '{dataset.Table}' is not an http or https address."));
            }
            else
            {
                targets.Add(targetOf(dataset, url));
            }
        }

        return new PostTargetParse(faults.Count == 0 ? targets : null, faults);
    }

    private static PostTarget StreamTarget(Dataset dataset, Uri url) => new(dataset.Table, dataset.Stream, url) { KeyColumn = dataset.RawKey };

    private static Uri WithoutAction(Uri url)
    {
        var text = url.AbsoluteUri.TrimEnd('/');
        var end = text.EndsWith("/record", StringComparison.Ordinal) || text.EndsWith("/records", StringComparison.Ordinal) ? text.LastIndexOf('/') : text.Length;
        return new Uri(text[..end]);
    }

    private static Uri UrlOf(string invokeUrl, string kind, string name) => new(Join(Join(invokeUrl, kind), Uri.EscapeDataString(name)));

    private static string Join(string url, string part) => part.Length == 0 ? url : $"{url.TrimEnd('/')}/{part.Trim('/')}";

    private static Dictionary<string, YamlScalarNode> ReadMapping(string path, List<Fault> faults)
    {
        var urls = new Dictionary<string, YamlScalarNode>(StringComparer.Ordinal);
        try
        {
            var yaml = new YamlStream();
            using var reader = new StreamReader(path);
            yaml.Load(reader);
            var root = yaml.Documents is [{ RootNode: YamlMappingNode mapping }, ..] ? mapping : [];
            foreach (var (key, value) in root.Children)
            {
                if (key is YamlScalarNode { Value: { } name } && value is YamlScalarNode url)
                {
                    urls[name] = url;
                }
            }
        }
        catch (YamlException e)
        {
            faults.Add(new Fault(path, (int)e.Start.Line, $"is not YAML ({e.Message}); write lines of 'table: https://...'."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(new Fault(path, 1, $"cannot be read ({e.Message}); check the path and its permissions."));
        }

        return urls;
    }
}

/// <summary>The targets when there is no fault, else null and all the faults.</summary>
public sealed record PostTargetParse(IReadOnlyList<PostTarget>? Targets, IReadOnlyList<Fault> Faults);
