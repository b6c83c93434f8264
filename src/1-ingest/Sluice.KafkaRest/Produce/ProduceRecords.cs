using System.Globalization;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Produce;

/// <summary><c>POST /topics/{topic}</c> and <c>POST /topics/{topic}/partitions/{partition}</c>.</summary>
internal static class ProduceRecords
{
    public static Task ToTopicAsync(RestRequest request) => ProduceAsync(request, partition: null);

    public static Task ToPartitionAsync(RestRequest request)
    {
        if (int.TryParse(request.Values.Second, NumberStyles.None, CultureInfo.InvariantCulture, out var partition))
        {
            return ProduceAsync(request, partition);
        }

        RestResponse.WriteEarlyError(request.Http, RestError.NotFound);
        return Task.CompletedTask;
    }

    private static async Task ProduceAsync(RestRequest request, int? partition)
    {
        var services = request.Services;
        var state = services.States.Rent();
        try
        {
            var format = Negotiation.FormatOf(request.Http.Request.ContentType);
            var error = await RequestBody.ReadAsync(request, state) ?? ProduceParser.Parse(state, format, services.Options);
            TopicDescription? topic = null;
            if (error is null) (topic, error) = await FindTopicAsync(request, partition);
            if (topic is null)
            {
                RestResponse.WriteError(request.Http, error!);
                return;
            }

            await services.Appender.AppendAsync(topic, partition, state, request.Cancel);
            ProduceOutcome.Write(request.Http, state, topic, services.Options);
        }
        finally
        {
            services.States.GiveBack(state);
        }
    }

    private static async ValueTask<(TopicDescription?, RestError?)> FindTopicAsync(RestRequest request, int? partition)
    {
        var name = request.Values.First;
        var topic = await request.Services.Log.FindTopicAsync(name, request.Cancel);
        if (topic is null && request.Services.Options.AutoCreateTopics) return await CreateTopicAsync(request, partition);
        if (topic is null) return (null, RestError.TopicNotFound);
        return partition >= topic.PartitionCount ? (null, RestError.PartitionNotFound) : (topic, null);
    }

    private static async ValueTask<(TopicDescription?, RestError?)> CreateTopicAsync(RestRequest request, int? partition)
    {
        var options = request.Services.Options;
        var name = request.Values.First;
        if (partition >= options.AutoCreatePartitions) return (null, RestError.PartitionNotFound);
        try
        {
            var spec = new TopicSpec(name, options.AutoCreatePartitions, new Dictionary<string, string>());
            return (await request.Services.Log.CreateTopicAsync(spec, request.Cancel), null);
        }
        catch (InvalidTopicException invalid)
        {
            return (null, RestError.BadTopic(invalid.Message));
        }
        catch (TopicExistsException)
        {
            // Another request created it in the meantime.
            var topic = await request.Services.Log.FindTopicAsync(name, request.Cancel);
            return (topic, topic is null ? RestError.TopicNotFound : null);
        }
    }
}
