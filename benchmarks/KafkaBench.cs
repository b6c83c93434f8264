namespace Sluice.Bench;

/// <summary>
/// The broker and the REST proxy of a running service, everything durable (fsync): librdkafka (through Confluent.Kafka) produces and consumes
/// records of 1 KiB beside the disk's own synced writes, a record's way from a producer to a consumer is timed at a steady rate, and posts are
/// made beside an empty Kestrel endpoint. Rounds alternate, and ratios are taken round by round.
/// </summary>
internal static class KafkaBench
{
    private const int Rounds = 3;
    private const int RecordBytes = 1024;
    private const int RoundRecords = 512 << 10;

    public static async Task RunAsync(CancellationToken cancel)
    {
        var data = Directory.CreateTempSubdirectory("sluice-bench-");
        using var empty = SluiceServer.Start(Environment.ProcessPath!, ["serve-empty"]);
        using var sluice = SluiceServer.Start(["up", "--data", Path.Combine(data.FullName, "sluice")]);
        try
        {
            var rest = await sluice.AddressAsync("kafka-rest", cancel);
            var broker = await sluice.AddressAsync("kafka", cancel);
            foreach (var partitions in new[] { 1, 4 }) await ThroughputAsync(broker, data.FullName, partitions);
            await KafkaLatency.MeasureAsync(broker, cancel);
            Figure.Print("kafka", "service_peak_memory", sluice.PeakMegabytes(), "MB");
            await KafkaRestPosts.MeasureAsync(rest, broker, await empty.AddressAsync("empty", cancel), cancel);
        }
        finally
        {
            await empty.DisposeAsync();
            await sluice.DisposeAsync();
            data.Delete(recursive: true);
        }
    }

    private static async Task ThroughputAsync(string broker, string data, int partitions)
    {
        List<double> produced = [], consumed = [], raw = [];
        var figure = partitions == 1 ? "1_partition" : $"{partitions}_partitions";
        for (var round = 0; round < Rounds; round++)
        {
            raw.Add(RawDisk.Write(Path.Combine(data, $"raw-{partitions}-{round}"), (long)RoundRecords * RecordBytes));
            // A topic of its own per round: what is consumed is what was produced.
            var load = new KafkaLoad(broker, $"bench-{partitions}-{round}", partitions, RoundRecords, RecordBytes);
            await load.CreateTopicAsync();
            produced.Add(load.Produce());
            consumed.Add(load.Consume());
        }

        Figure.Print("kafka", $"produce_{figure}", Figure.Median(produced), "MB/s", new { record_bytes = RecordBytes, acks = "all", durability = "fsync" });
        Figure.Print("kafka", $"produce_{figure}_records", Figure.Median(produced) * 1e6 / RecordBytes, "records/s");
        Figure.Print("kafka", $"raw_synced_writes_{figure}", Figure.Median(raw), "MB/s", new { write_bytes = RawDisk.WriteBytes });
        Figure.Print("kafka", $"produce_{figure}_ratio", Figure.Median(produced.Zip(raw, (p, r) => p / r)), "of raw synced writes");
        Figure.Print("kafka", $"consume_{figure}", Figure.Median(consumed), "MB/s");
    }
}
