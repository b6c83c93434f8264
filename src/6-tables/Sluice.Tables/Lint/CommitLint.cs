using System.Text;
using System.Text.Json;

namespace Sluice.Tables;

/// <summary>The rules for one commit by itself: its lines, and what they may hold beside one another.</summary>
internal static class CommitLint
{
    private static readonly Dictionary<string, string[]> s_required = new()
    {
        ["add"] = ["path", "partitionValues", "size", "modificationTime", "dataChange"],
        ["remove"] = ["path", "dataChange"],
        ["metaData"] = ["id", "format", "schemaString", "partitionColumns", "configuration"],
        ["protocol"] = ["minReaderVersion", "minWriterVersion"],
        ["txn"] = ["appId", "version"],
        ["cdc"] = ["path", "partitionValues", "size", "dataChange"],
        ["domainMetadata"] = ["domain", "configuration", "removed"],
        ["commitInfo"] = [],
    };

    private static readonly Dictionary<string, string> s_sections = new()
    {
        ["add"] = "Add File and Remove File",
        ["remove"] = "Add File and Remove File",
        ["metaData"] = "Change Metadata",
        ["protocol"] = "Protocol Evolution",
        ["txn"] = "Transaction Identifiers",
        ["cdc"] = "Add CDC File",
        ["domainMetadata"] = "Domain Metadata",
        ["commitInfo"] = "Commit Provenance Information",
    };

    /// <summary>Checks the text; true when its actions can be read.</summary>
    public static bool CheckText(LintReport report, string place, ReadOnlySpan<byte> content)
    {
        var number = 0;
        var readable = true;
        foreach (var line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            number++;
            if (line.Trim().Length == 0) continue;
            try
            {
                using var document = JsonDocument.Parse(line);
                CheckLine(report, $"{place}:{number}", document.RootElement);
            }
            catch (JsonException e)
            {
                report.Add("Actions", $"{place}:{number}", $"the line is no JSON: {e.Message}");
                readable = false;
            }
        }

        return readable;
    }

    /// <summary>Checks the actions against one another.</summary>
    public static void CheckActions(LintReport report, string place, IReadOnlyList<ILogAction> actions)
    {
        const string Files = "Add File and Remove File";
        report.Require(actions.OfType<TableProtocol>().Count() <= 1, "Protocol Evolution", place, "it holds more than one protocol action");
        report.Require(actions.OfType<TableMetadata>().Count() <= 1, "Change Metadata", place, "it holds more than one metaData action");
        report.Require(actions.OfType<CommitInfo>().Count() <= 1, "Commit Provenance Information", place, "it holds more than one commitInfo action");
        foreach (var app in actions.OfType<SetTransaction>().GroupBy(t => t.AppId).Where(g => g.Count() > 1))
            report.Add("Transaction Identifiers", place, $"it holds more than one txn of '{app.Key}'");
        var adds = actions.OfType<AddFile>().Select(FileKey.Of).ToList();
        var removes = actions.OfType<RemoveFile>().Select(FileKey.Of).ToList();
        foreach (var path in adds.GroupBy(k => k.Path).Where(g => g.Count() > 1)) report.Add(Files, place, $"it adds {path.Key} more than once");
        foreach (var path in removes.GroupBy(k => k.Path).Where(g => g.Count() > 1)) report.Add(Files, place, $"it removes {path.Key} more than once");
        foreach (var key in adds.Intersect(removes)) report.Add(Files, place, $"it adds and removes {key.Path} with the same deletion vector");
        foreach (var change in actions.OfType<ChangeFile>())
            report.Require(change.Path.StartsWith($"{ChangeFeed.Folder}/", StringComparison.Ordinal), "Add CDC File", place,
                $"its change file {change.Path} is not under {ChangeFeed.Folder}");
    }

    private static void CheckLine(LintReport report, string place, JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object || line.EnumerateObject().Count() != 1)
        {
            report.Add("Actions", place, "the line is not an object with exactly one action");
            return;
        }

        var action = line.EnumerateObject().First();
        if (!s_required.TryGetValue(action.Name, out var required)) return;
        var section = s_sections[action.Name];
        foreach (var field in required)
            report.Require(action.Value.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null, section, place, $"{action.Name} lacks '{field}'");
        if (action.Name is not ("add" or "remove" or "cdc") || !action.Value.TryGetProperty("path", out var path)) return;
        var text = path.GetString() ?? "";
        var encoded = text.All(c => char.IsAscii(c) && c is > ' ' and not ('"' or '<' or '>' or '\\' or '^' or '`' or '{' or '|' or '}'));
        report.Require(encoded, section, place, $"the path '{text}' is not URI-encoded");
        if (action.Name == "cdc" && action.Value.TryGetProperty("dataChange", out var change))
            report.Require(change.ValueKind == JsonValueKind.False, section, place, "the dataChange of a cdc action is not false");
    }
}
