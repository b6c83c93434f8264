using Sluice.KafkaRest.Http;

namespace Sluice.KafkaRest.Consume;

/// <summary>The paths under <c>/consumers</c>.</summary>
internal static class ConsumerRoutes
{
    private const string Instance = "/consumers/{group}/instances/{instance}";

    public static Route[] All() =>
    [
        new("/consumers/{group}", Post(Instances.CreateAsync)),
        new(Instance, new RouteMethod("DELETE", RequestEntity.Ignored, Instances.DeleteAsync)),
        new(
            Instance + "/subscription",
            Post(Subscriptions.SubscribeAsync),
            new RouteMethod("GET", RequestEntity.Ignored, Subscriptions.GetAsync),
            new RouteMethod("DELETE", RequestEntity.Ignored, Subscriptions.UnsubscribeAsync)),
        new(
            Instance + "/assignments",
            Post(Subscriptions.AssignAsync),
            new RouteMethod("GET", RequestEntity.Ignored, Subscriptions.GetAssignmentsAsync)),
        new(Instance + "/records", new RouteMethod("GET", RequestEntity.Ignored, ReadRecords.ReadAsync, ResponseEntity.Negotiated)),
        new(
            Instance + "/offsets",
            Post(ConsumerOffsets.CommitAsync),
            new RouteMethod("GET", RequestEntity.Consumer, ConsumerOffsets.GetCommittedAsync)),
        new(Instance + "/positions", Post(Positions.SeekAsync)),
        new(Instance + "/positions/beginning", Post(Positions.SeekToBeginningAsync)),
        new(Instance + "/positions/end", Post(Positions.SeekToEndAsync)),
    ];

    private static RouteMethod Post(RestAction action) => new("POST", RequestEntity.Consumer, action);
}
