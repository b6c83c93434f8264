using Sluice.KafkaWire.Fetching;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Apis;

// Fetch, key 1, versions 4-16 (flexible from 12, topics by id from 13). https://kafka.apache.org/protocol#The_Messages_Fetch
//
// Behaviour: whole batches from the one that holds the offset on, as they lie on disk. The answer leaves when min_bytes are there, when
// a partition has an error, or after max_wait_ms; a record that arrives ends the wait at once. Partitions are filled in the order of the
// request up to max_bytes; the first batch is sent even when it is larger, so that a consumer always gets on. What readers see is
// durable: the high watermark moves after the sync. A reader of committed records gets batches up to the last stable offset, and the
// aborted transactions among them, which it leaves out.
//
// Sessions (KIP-227), from version 7: a request with epoch 0 gets one, requests with its id and the next epoch name only the partitions that
// they add, change or forget, and are told only of partitions with records, an error, or a high watermark or start that moved. Partitions
// that had records are read last the next time. Epoch -1, and 0 with an id, end the session; so does forgetting all of its partitions.
//
// Known differences: a client below version 10 gets UNSUPPORTED_COMPRESSION_TYPE where a batch is zstd. A session gives way to a new one
// only when it was not used for two minutes; Kafka prefers larger ones to smaller ones too. Who gets no session goes on without.
internal static class Fetch
{
    public static readonly KafkaApi Api = new(1, "Fetch", 4, 16, 12, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var request = FetchRequest.Read(call);
        var scope = call.Broker.FetchSessions.Begin(request);
        if (scope.Error != KafkaError.None)
        {
            Write(call, scope.Error, 0, []);
            return;
        }

        var waitMax = TimeSpan.FromMilliseconds(Math.Clamp(request.WaitMaxMs, 0, (long)call.Broker.Limits.FetchWaitMax.TotalMilliseconds));
        var startedAt = call.Broker.Time.GetTimestamp();
        while (true)
        {
            var read = new FetchRead(call, request);
            call.Response.Released = read.Dispose;
            await read.ReadAsync(scope.Partitions);
            var left = waitMax - call.Broker.Time.GetElapsedTime(startedAt);
            if (read.HasError || read.BytesRead >= request.BytesMin || left <= TimeSpan.Zero)
            {
                read.Settle();
                var (sessionId, error) = call.Broker.FetchSessions.Complete(request, scope, read.Told);
                Write(call, error, sessionId, error == KafkaError.None ? read.Told : []);
                return;
            }

            read.Dispose();
            await WaitAsync(call, request, read, left);
        }
    }

    /// <summary>Waits until one of the partitions has more than it had, or the time is over.</summary>
    private static async ValueTask WaitAsync(KafkaCall call, FetchRequest request, FetchRead read, TimeSpan left)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel);
        var waits = new List<Task> { Task.Delay(left, call.Broker.Time, over.Token) };
        foreach (var (partition, end) in read.Ends) waits.Add(call.Broker.Log.WaitForRecordsAsync(partition, end, request.Isolation, over.Token).AsTask());
        await Task.WhenAny(waits);
        await over.CancelAsync();
        // A partition that is deleted meanwhile faults its wait; the next read says so to the client.
        await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        call.Cancel.ThrowIfCancellationRequested();
    }

    private static void Write(KafkaCall call, KafkaError error, int sessionId, IReadOnlyList<FetchedPartition> told)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteThrottleTime();
        if (version >= 7)
        {
            response.WriteError(error);
            response.WriteInt32(sessionId);
        }

        response.WriteArrayLength(Runs(told));
        for (var at = 0; at < told.Count;)
        {
            var topic = told[at].Asked.Topic;
            var length = RunLength(told, at);
            if (version >= 13) response.WriteUuid(topic.Id);
            else response.WriteString(topic.Name!);
            response.WriteArrayLength(length);
            for (var end = at + length; at < end; at++) Write(call, told[at]);
            response.WriteTags();
        }

        response.WriteTags();
    }

    private static void Write(KafkaCall call, in FetchedPartition partition)
    {
        var (response, version) = (call.Response, call.Version);
        response.WriteInt32(partition.Asked.Index);
        response.WriteError(partition.Error);
        response.WriteInt64(partition.Offsets.End);
        response.WriteInt64(partition.Offsets.LastStable);
        if (version >= 5) response.WriteInt64(partition.Offsets.Start);
        response.WriteArrayLength(partition.Aborted.Count);
        foreach (var aborted in partition.Aborted)
        {
            response.WriteInt64(aborted.ProducerId);
            response.WriteInt64(aborted.FirstOffset);
            response.WriteTags();
        }

        if (version >= 11) response.WriteInt32(-1);
        response.WriteRecords(partition.Batches);
        response.WriteTags();
    }

    /// <summary>Topics of the answer: one for each run of partitions of the same. In a session's order a topic may come again.</summary>
    private static int Runs(IReadOnlyList<FetchedPartition> told)
    {
        var runs = 0;
        for (var at = 0; at < told.Count; at += RunLength(told, at)) runs++;
        return runs;
    }

    private static int RunLength(IReadOnlyList<FetchedPartition> told, int from)
    {
        var to = from + 1;
        while (to < told.Count && told[to].Asked.Topic == told[from].Asked.Topic) to++;
        return to - from;
    }
}
