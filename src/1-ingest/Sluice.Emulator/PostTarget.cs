using Sluice.Definition;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Emulator;

/// <summary>Where the rows of one table are posted.</summary>
/// <param name="Table">Table at the source.</param>
/// <param name="Topic">Shown in progress and report.</param>
/// <param name="Url">The full address, e.g. http://127.0.0.1:8080/dev/topics/demo.pin.</param>
public sealed record PostTarget(string Table, string Topic, Uri Url)
{
    /// <summary>One target per dataset: <c>{gateway}/{stage}/topics/{topic}</c>.</summary>
    /// <param name="stage">The gateway's stage; empty posts to a Kafka REST proxy directly.</param>
    public static IReadOnlyList<PostTarget> ForGateway(Uri gateway, string stage, PipelineDefinition pipeline) =>
        [.. pipeline.Datasets.Select(d => new PostTarget(d.Table, d.Topic, TopicUrl(Join(gateway.AbsoluteUri, stage), d.Topic)))];

    /// <summary>
    /// Reads aws_urls.yaml: a line per table, <c>table: invoke URL</c>. The URL is either the full address of the topic or an
    /// invoke URL, to which /topics/{topic} is added. A dataset without a line, or a line that is no address, is a fault.
    /// </summary>
    public static PostTargetParse ReadAwsUrls(string path, PipelineDefinition pipeline)
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
                var isTopic = url.AbsolutePath.Contains("/topics/", StringComparison.Ordinal);
                targets.Add(new PostTarget(dataset.Table, dataset.Topic, isTopic ? url : TopicUrl(url.AbsoluteUri, dataset.Topic)));
            }
        }

        return new PostTargetParse(faults.Count == 0 ? targets : null, faults);
    }

    private static Uri TopicUrl(string invokeUrl, string topic) => new(Join(Join(invokeUrl, "topics"), Uri.EscapeDataString(topic)));

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
