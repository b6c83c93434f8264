using Sluice.Emulator;
using Spectre.Console;

namespace Sluice.Console.Output;

/// <summary>What became of the posted records.</summary>
internal static class PostReport
{
    public static Table Table(EmulatorReport report)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("topic", "sent", "accepted", "retried", "refused", "reasons");
        foreach (var topic in report.Topics)
        {
            table.AddRow(
                new Text(topic.Topic), new Text($"{topic.Sent:N0}"), new Text($"{topic.Accepted:N0}"), new Text($"{topic.Retried:N0}"),
                new Text($"{topic.Refused:N0}"), new Text(string.Join("; ", topic.Reasons)));
        }

        return table;
    }

    public static string Total(EmulatorReport report) =>
        $"total: sent {report.Sent:N0}, accepted {report.Accepted:N0}, retried {report.Retried:N0}, refused {report.Refused:N0} in {report.Elapsed.TotalSeconds:0.0} s";
}
