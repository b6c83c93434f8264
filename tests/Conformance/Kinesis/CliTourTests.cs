using System.Text.Json;

namespace Sluice.Conformance.Kinesis;

/// <summary>The AWS command line, signing its requests. It has no SubscribeToShard; a release of 2022 lacks what came later.</summary>
public sealed class CliTourTests(ITestOutputHelper report)
{
    private const string Arn = "arn:aws:kinesis:us-east-1:000000000000:stream/cli";

    /// <summary>Each line is one command; a line that begins with ? may be unknown to an older release.</summary>
    private static readonly string[] s_commands =
    [
        "create-stream --stream-name cli --shard-count 2",
        "describe-stream --stream-name cli",
        "describe-stream-summary --stream-name cli",
        "list-streams",
        "list-shards --stream-name cli",
        "put-record --stream-name cli --partition-key k --data aGVsbG8=",
        "put-records --stream-name cli --records Data=YQ==,PartitionKey=a Data=Yg==,PartitionKey=b",
        "get-shard-iterator --stream-name cli --shard-id shardId-000000000000 --shard-iterator-type TRIM_HORIZON",
        "get-records --shard-iterator {ShardIterator}",
        "add-tags-to-stream --stream-name cli --tags a=1,b=2",
        "list-tags-for-stream --stream-name cli",
        "remove-tags-from-stream --stream-name cli --tag-keys b",
        "increase-stream-retention-period --stream-name cli --retention-period-hours 48",
        "decrease-stream-retention-period --stream-name cli --retention-period-hours 24",
        "split-shard --stream-name cli --shard-to-split shardId-000000000000 --new-starting-hash-key 1000",
        "merge-shards --stream-name cli --shard-to-merge shardId-000000000002 --adjacent-shard-to-merge shardId-000000000003",
        "update-shard-count --stream-name cli --target-shard-count 4 --scaling-type UNIFORM_SCALING",
        "start-stream-encryption --stream-name cli --encryption-type KMS --key-id alias/aws/kinesis",
        "stop-stream-encryption --stream-name cli --encryption-type KMS --key-id alias/aws/kinesis",
        "enable-enhanced-monitoring --stream-name cli --shard-level-metrics ALL",
        "disable-enhanced-monitoring --stream-name cli --shard-level-metrics ALL",
        "describe-limits",
        "register-stream-consumer --stream-arn ARN --consumer-name reader",
        "describe-stream-consumer --stream-arn ARN --consumer-name reader",
        "list-stream-consumers --stream-arn ARN",
        "deregister-stream-consumer --stream-arn ARN --consumer-name reader",
        "update-stream-mode --stream-arn ARN --stream-mode-details StreamMode=ON_DEMAND",
        "?tag-resource --resource-arn ARN --tags c=3",
        "?list-tags-for-resource --resource-arn ARN",
        "?untag-resource --resource-arn ARN --tag-keys c",
        "?put-resource-policy --resource-arn ARN --policy {\"Statement\":[]}",
        "?get-resource-policy --resource-arn ARN",
        "?delete-resource-policy --resource-arn ARN",
        "?update-stream-warm-throughput --stream-arn ARN --warm-throughput-mi-bps 5",
        "?update-max-record-size --stream-arn ARN --max-record-size-in-ki-b 2048",
        "?update-account-settings --minimum-throughput-billing-commitment Status=ENABLED",
        "?describe-account-settings",
        "delete-stream --stream-name cli",
    ];

    [Fact]
    public async Task The_command_line_does_all_actions_it_has()
    {
        await using var bed = await KinesisBed.StartAsync(Tour.Signed);
        s_commands.Length.ShouldBe(Tour.Actions.Length - 1);
        var last = default(JsonElement);
        foreach (var line in s_commands)
        {
            var words = line.TrimStart('?').Replace("ARN", Arn, StringComparison.Ordinal).Split(' ');
            // A value of the answer before goes in by its name.
            for (var i = 0; i < words.Length; i++)
            {
                if (words[i] == "{ShardIterator}") words[i] = last.GetProperty("ShardIterator").GetString()!;
            }

            var (code, output, errors) = await Programs.RunAsync(Programs.Aws(bed.Address, words));
            if (code != 0 && line.StartsWith('?') && errors.Contains("usage:", StringComparison.Ordinal))
            {
                report.WriteLine($"This release of the command line has no {words[0]}.");
                continue;
            }

            code.ShouldBe(0, $"{line}: {errors}");
            if (output.Trim().Length > 0) last = JsonDocument.Parse(output).RootElement;
            if (words[0] == "get-records") last.GetProperty("Records").ValueKind.ShouldBe(JsonValueKind.Array);
        }
    }

    [Fact]
    public async Task A_command_with_another_secret_is_refused_by_name()
    {
        await using var bed = await KinesisBed.StartAsync(Tour.Signed);
        var start = Programs.Aws(bed.Address, "list-streams");
        start.Environment["AWS_SECRET_ACCESS_KEY"] = "another secret";
        var (code, _, errors) = await Programs.RunAsync(start);
        code.ShouldNotBe(0);
        errors.ShouldContain("InvalidSignatureException");
    }
}
