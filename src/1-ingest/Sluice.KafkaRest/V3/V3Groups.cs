using Sluice.KafkaRest.Consume;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.V3;

/// <summary>
/// Consumer groups, their members and what each reads. The instances of the v2 consumers of this proxy are members of their groups; the
/// groups under which the proxy remembers instances are its own and not shown.
/// </summary>
internal static class V3Groups
{
    private const string Stable = "Stable";
    private const string Range = "range";

    public static async Task ListAsync(RestRequest request) =>
        V3Call.WriteList(request, "KafkaConsumerGroupList", await DescribeAsync(request, null), Write);

    public static async Task GetAsync(RestRequest request)
    {
        if (await FindAsync(request, "could not be found") is { } group) V3Call.Write(request, StatusCodes.Status200OK, group, Write);
    }

    public static async Task ListConsumersAsync(RestRequest request)
    {
        if (await FindAsync(request, "does not exist") is { } group)
            V3Call.WriteList(request, "KafkaConsumerList", group.Members.Select(m => (group, m)), WriteConsumer);
    }

    public static async Task GetConsumerAsync(RestRequest request)
    {
        if (await FindConsumerAsync(request) is { } found) V3Call.Write(request, StatusCodes.Status200OK, found, WriteConsumer);
    }

    public static async Task ListAssignmentsAsync(RestRequest request)
    {
        if (await FindConsumerAsync(request) is not ({ } group, { } member)) return;
        V3Call.WriteList(request, "KafkaConsumerAssignmentList", member.Assignment.Select(p => (group, member, p)), WriteAssignment);
    }

    public static async Task GetAssignmentAsync(RestRequest request)
    {
        if (await FindConsumerAsync(request) is not ({ } group, { } member)) return;
        var values = request.Values;
        foreach (var partition in member.Assignment.Where(p => p.Topic == values.Fourth && V3Call.IsNumber(values.Fifth, p.Partition)))
        {
            V3Call.Write(request, StatusCodes.Status200OK, (group, member, partition), WriteAssignment);
            return;
        }

        V3Call.WriteError(request, RestError.NoSuch($"Partition {values.Fifth} of topic {values.Fourth} is not assigned to consumer {member.Id}."));
    }

    /// <summary>The path of a group below the cluster.</summary>
    public static string PathOf(GroupDescription group) => "/consumer-groups/" + Uri.EscapeDataString(group.Id);

    public static string PathOf(GroupDescription group, string member) => $"{PathOf(group)}/consumers/{Uri.EscapeDataString(member)}";

    /// <summary>The group of the path, or null after 404 has been written.</summary>
    public static async ValueTask<GroupDescription?> FindAsync(RestRequest request, string fault)
    {
        var id = V3Call.Decoded(request.Values.Second);
        if (await DescribeAsync(request, id) is [var group, ..]) return group;
        V3Call.WriteError(request, RestError.NoSuch($"Consumer Group {id} {fault}."));
        return null;
    }

    private static async ValueTask<(GroupDescription, GroupMemberDescription)?> FindConsumerAsync(RestRequest request)
    {
        if (await FindAsync(request, "does not exist") is not { } group) return null;
        var id = V3Call.Decoded(request.Values.Third);
        if (group.Members.FirstOrDefault(m => m.Id == id) is { } member) return (group, member);
        V3Call.WriteError(request, RestError.NoSuch($"Consumer {id} does not exist."));
        return null;
    }

    private static async ValueTask<IReadOnlyList<GroupDescription>> DescribeAsync(RestRequest request, string? id)
    {
        var described = await request.Services.Admin.DescribeGroupsAsync(id is null ? null : [id], request.Cancel);
        var groups = new SortedDictionary<string, GroupDescription>(StringComparer.Ordinal);
        foreach (var group in described.Where(g => !InstanceRecord.IsGroup(g.Id))) groups.Add(group.Id, group);
        foreach (var (name, members) in await request.Services.Consumers.MembersAsync(request.Cancel))
        {
            if (id is not null && id != name) continue;
            groups[name] = groups.TryGetValue(name, out var known) && known.Members.Count > 0
                ? known with { Members = [.. known.Members, .. members] }
                : new GroupDescription(name, Stable, known?.Type ?? "classic", Range, IsSimple: false, known?.Coordinator, members);
        }

        return [.. groups.Values];
    }

    private static void Write(V3Writer writer, GroupDescription group)
    {
        var path = PathOf(group);
        writer.Begin("KafkaConsumerGroup", path, ("consumer-group", group.Id));
        writer.Json.WriteString("consumer_group_id"u8, group.Id);
        writer.Json.WriteBoolean("is_simple"u8, group.IsSimple);
        writer.Json.WriteString("partition_assignor"u8, group.PartitionAssignor);
        writer.Json.WriteString("state"u8, UpperSnake(group.State));
        writer.Json.WriteString("type"u8, group.Type.ToUpperInvariant());
        writer.Json.WriteBoolean("is_mixed_consumer_group"u8, false);
        if (group.Coordinator is { } coordinator) writer.Link("coordinator", $"/brokers/{coordinator}");
        writer.Link("consumers", path + "/consumers");
        writer.Link("lag_summary", path + "/lag-summary");
        writer.End();
    }

    private static void WriteConsumer(V3Writer writer, (GroupDescription Group, GroupMemberDescription Member) found)
    {
        var (group, member) = found;
        var path = PathOf(group, member.Id);
        writer.Begin("KafkaConsumer", path, ("consumer-group", group.Id), ("consumer", member.Id));
        writer.Json.WriteString("consumer_group_id"u8, group.Id);
        writer.Json.WriteString("consumer_id"u8, member.Id);
        writer.Json.WriteString("instance_id"u8, member.InstanceId);
        writer.Json.WriteString("client_id"u8, member.ClientId);
        writer.Link("assignments", path + "/assignments");
        writer.End();
    }

    private static void WriteAssignment(V3Writer writer, (GroupDescription Group, GroupMemberDescription Member, TopicPartition Partition) found)
    {
        var (group, member, partition) = found;
        var below = $"{partition.Topic}/partitions/{partition.Partition}";
        writer.Begin(
            "KafkaConsumerAssignment",
            $"{PathOf(group, member.Id)}/assignments/{below}",
            ("consumer-group", group.Id),
            ("consumer", member.Id),
            ("assignment", partition.Topic),
            ("partition", $"{partition.Partition}"));
        writer.Json.WriteString("consumer_group_id"u8, group.Id);
        writer.Json.WriteString("consumer_id"u8, member.Id);
        writer.Json.WriteString("topic_name"u8, partition.Topic);
        writer.Json.WriteNumber("partition_id"u8, partition.Partition);
        writer.Link("partition", "/topics/" + below);
        writer.Link("lag", $"{PathOf(group)}/lags/{below}");
        writer.End();
    }

    /// <summary>PreparingRebalance becomes PREPARING_REBALANCE.</summary>
    private static string UpperSnake(string state) =>
        string.Concat(state.Select((c, at) => at > 0 && char.IsAsciiLetterUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));
}
