using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Consume;

/// <summary>The paths under <c>/consumers</c>.</summary>
internal static class ConsumerRoutes
{
    private const string Instance = "/consumers/{group}/instances/{instance}";

    public static Route[] All() =>
    [
        new("/consumers/{group}", Post("create", Instances.CreateAsync)),
        new(Instance, Method("DELETE", "delete", RequestEntity.Ignored, Instances.DeleteAsync)),
        new(
            Instance + "/subscription",
            Post("subscribe", Subscriptions.SubscribeAsync),
            Method("GET", "get-subscription", RequestEntity.Ignored, Subscriptions.GetAsync),
            Method("DELETE", "unsubscribe", RequestEntity.Ignored, Subscriptions.UnsubscribeAsync)),
        new(
            Instance + "/assignments",
            Post("assign", Subscriptions.AssignAsync),
            Method("GET", "get-assignments", RequestEntity.Ignored, Subscriptions.GetAssignmentsAsync)),
        new(Instance + "/records", Method("GET", "consume", RequestEntity.Ignored, ReadRecords.ReadAsync) with { Response = ResponseEntity.Negotiated }),
        new(
            Instance + "/offsets",
            Post("commit-offsets", ConsumerOffsets.CommitAsync),
            Method("GET", "get-committed-offsets", RequestEntity.Consumer, ConsumerOffsets.GetCommittedAsync)),
        new(Instance + "/positions", Post("seek-to-offset", Positions.SeekAsync)),
        new(Instance + "/positions/beginning", Post("seek-to-beginning", Positions.SeekToBeginningAsync)),
        new(Instance + "/positions/end", Post("seek-to-end", Positions.SeekToEndAsync)),
    ];

    private static RouteMethod Post(string name, RestAction action) => Method("POST", name, RequestEntity.Consumer, action);

    private static RouteMethod Method(string method, string name, RequestEntity entity, RestAction action) =>
        new(method, "api.v2.consumers." + name, entity, action);
}
