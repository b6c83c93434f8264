using System.Text.Json;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary><c>.../subscription</c>, shared with the group, and <c>.../assignments</c>, the instance's alone.</summary>
internal static class Subscriptions
{
    public static async Task SubscribeAsync(RestRequest request)
    {
        var (body, error) = await RequestJson.ReadAsync(request, "topics", "topic_pattern");
        if (error is null && body.ValueKind == JsonValueKind.Undefined) error = RestError.NullPayload;
        ConsumerChoice? choice = null;
        if (error is null) (choice, error) = ChoiceIn(body);
        if (choice is null)
        {
            RestResponse.WriteError(request.Http, error!);
            return;
        }

        await InstanceCall.ChangeAsync(request, async (group, instance) =>
        {
            var other = instance.Choice.IsAssignment
                || (instance.Choice.IsSubscription && choice.IsSubscription && (instance.Choice.Pattern is null) != (choice.Pattern is null));
            if (other) return RestError.SubscriptionExclusive;
            await request.Services.Consumers.ChooseAsync(group, instance, choice, request.Cancel);
            return null;
        });
    }

    public static Task UnsubscribeAsync(RestRequest request) => InstanceCall.ChangeAsync(request, async (group, instance) =>
    {
        await request.Services.Consumers.ChooseAsync(group, instance, ConsumerChoice.Nothing, request.Cancel);
        return null;
    });

    public static async Task GetAsync(RestRequest request)
    {
        IReadOnlyList<string> topics = [];
        var found = await InstanceCall.TryAsync(request, async (group, instance) =>
        {
            await request.Services.Consumers.ShareAsync(group, request.Cancel);
            topics = instance.Choice.Pattern is null
                ? instance.Choice.Topics
                : [.. instance.Assigned.Select(a => a.Partition.Topic).Distinct()];
            return null;
        });
        if (!found) return;
        RestResponse.WriteJson(request.Http, topics, static (writer, topics) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("topics"u8);
            foreach (var topic in topics) writer.WriteStringValue(topic);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    public static async Task AssignAsync(RestRequest request)
    {
        if (await InstanceCall.ReadEntriesAsync(request, "partitions") is not { } entries) return;
        TopicPartition[] partitions = [.. entries.Select(e => e.Partition).Distinct()];
        await InstanceCall.ChangeAsync(request, async (group, instance) =>
        {
            if (instance.Choice.IsSubscription) return RestError.SubscriptionExclusive;
            if (await InstanceCall.MissingAsync(request.Services.Log, partitions, request.Cancel) is { } missing) return missing;
            var choice = partitions.Length == 0 ? ConsumerChoice.Nothing : new ConsumerChoice([], null, partitions);
            await request.Services.Consumers.ChooseAsync(group, instance, choice, request.Cancel);
            return null;
        });
    }

    public static async Task GetAssignmentsAsync(RestRequest request)
    {
        AssignedPartition[] assigned = [];
        var found = await InstanceCall.TryAsync(request, async (group, instance) =>
        {
            await request.Services.Consumers.ShareAsync(group, request.Cancel);
            assigned = instance.Assigned;
            return null;
        });
        if (!found) return;
        RestResponse.WriteJson(request.Http, assigned, static (writer, assigned) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("partitions"u8);
            foreach (var (topic, partition) in assigned.Select(a => a.Partition))
            {
                writer.WriteStartObject();
                writer.WriteString("topic"u8, topic);
                writer.WriteNumber("partition"u8, partition);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static (ConsumerChoice? Choice, RestError? Error) ChoiceIn(JsonElement body)
    {
        var hasTopics = RequestJson.TryGet(body, "topics", out var topics);
        var pattern = RequestJson.Text(body, "topic_pattern");
        if (hasTopics && pattern is not null) return (null, RestError.SubscriptionExclusive);
        if (pattern is not null)
        {
            return ConsumerPattern.Fault(pattern) is { } fault
                ? (null, RestError.Unprocessable("topic_pattern cannot be used: " + fault))
                : (new ConsumerChoice([], pattern, []), null);
        }

        if (!hasTopics) return (null, RestError.Unprocessable("topics or topic_pattern is required"));
        if (topics.ValueKind != JsonValueKind.Array || topics.EnumerateArray().Any(t => t.ValueKind != JsonValueKind.String))
            return (null, RestError.BadRequest("topics must be an array of strings."));
        string[] names = [.. topics.EnumerateArray().Select(t => t.GetString()!).Distinct()];
        return (names.Length == 0 ? ConsumerChoice.Nothing : new ConsumerChoice(names, null, []), null);
    }
}
