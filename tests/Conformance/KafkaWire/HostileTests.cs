using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Wire;
using Sluice.Log;
using Sluice.Log.Records;
using Sluice.Testing;

namespace Sluice.Conformance.KafkaWire;

/// <summary>Clients that mean no good: the broker keeps its memory, and serves the others.</summary>
public sealed class HostileTests(ITestOutputHelper report)
{
    private const string Python = "/usr/bin/python3";

    private const int IdleConnections = 10_000;

    /// <summary>Memory that the broker may have for one idle connection: 16 KiB, 160 MB for all of them.</summary>
    private const long IdleConnectionBytes = 16 << 10;

    /// <summary>Files that one process may open beside the connections: libraries, the log, the runtime's own.</summary>
    private const int OtherFiles = 1_000;

    [Fact]
    public async Task Ten_thousand_idle_connections_take_little_memory_and_others_are_served()
    {
        Assert.SkipUnless(OpenFilesMax() >= IdleConnections + OtherFiles, $"A process may open {OpenFilesMax()} files; allow 11,000 with ulimit -n.");
        Assert.SkipUnless(File.Exists(Python), $"{Python} is missing: apt-get install python3");
        await using var bed = await BrokerBed.StartAsync(new KafkaOptions { AutoCreateTopics = false });
        await bed.WithTopicAsync("t");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        // In a process of its own: both ends of 10,000 connections are more files than one may open.
        using var holder = Process.Start(new ProcessStartInfo(Python)
        {
            ArgumentList = { Path.Combine(Repository.Root, "tests", "Conformance", "KafkaWire", "idle_connections.py"), $"{bed.Port}", $"{IdleConnections}" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            (await holder.StandardOutput.ReadLineAsync()).ShouldBe("held");
            var taken = GC.GetTotalMemory(forceFullCollection: true) - before;
            report.WriteLine($"{IdleConnections} connections, {taken / IdleConnections} bytes each");
            taken.ShouldBeLessThan(IdleConnections * IdleConnectionBytes);
            using var producer = bed.Producer();
            (await producer.ProduceAsync("t", new Confluent.Kafka.Message<string, string> { Key = "k", Value = "v" })).Offset.Value.ShouldBe(0);
            using var consumer = bed.Consumer("g");
            consumer.Assign(new Confluent.Kafka.TopicPartitionOffset("t", 0, 0));
            consumer.Consume(TimeSpan.FromSeconds(30)).Message.Value.ShouldBe("v");
            holder.StandardInput.Close();
            (await holder.StandardOutput.ReadLineAsync()).ShouldBe("alive", "none of them was ended meanwhile");
        }
        finally
        {
            holder.Kill();
            await holder.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Connections_beyond_the_bound_are_closed_and_those_within_live()
    {
        await using var bed = await BrokerBed.StartAsync(new KafkaOptions { Limits = new KafkaLimits { ConnectionsMax = 2 } });
        using var first = await bed.ConnectAsync();
        using var second = await bed.ConnectAsync();
        foreach (var raw in (RawKafka[])[first, second])
        {
            await raw.SendAsync(RawKafka.Request(18, 0, 1, isFlexible: false, _ => { }));
            await raw.ReceiveCorrelationIdAsync();
        }

        using var third = await bed.ConnectAsync();
        (await third.ReceiveAsync()).ShouldBeNull();
        await first.SendAsync(RawKafka.Request(18, 0, 7, isFlexible: false, _ => { }));
        (await first.ReceiveCorrelationIdAsync()).ShouldBe(7);
    }

    [Fact]
    public async Task Bombs_are_refused_one_after_the_other_and_others_are_served()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        var bomb = Bomb();
        bomb.Length.ShouldBeLessThan(1 << 20);
        var attackers = new List<RawKafka>();
        for (var i = 0; i < 4; i++)
        {
            attackers.Add(await bed.ConnectAsync());
            await attackers[i].SendAsync(ProduceOf(bomb));
        }

        using var producer = bed.Producer();
        (await producer.ProduceAsync("t", new Confluent.Kafka.Message<string, string> { Key = "k", Value = "v" })).Offset.Value.ShouldBe(0);
        foreach (var attacker in attackers)
        {
            ErrorOf((await attacker.ReceiveAsync()).ShouldNotBeNull()).ShouldBe(KafkaError.CorruptMessage);
            attacker.Dispose();
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(200 << 20)]
    [InlineData(7)]
    [InlineData(-1)]
    public async Task A_size_that_no_request_has_ends_the_connection_without_taking_memory(int size)
    {
        await using var bed = await BrokerBed.StartAsync();
        using var raw = await bed.ConnectAsync();
        var bytes = new byte[12];
        BinaryPrimitives.WriteInt32BigEndian(bytes, size);
        await raw.SendAsync(bytes);
        (await raw.ReceiveAsync()).ShouldBeNull();
    }

    /// <summary>A batch whose records are more zeros than the log decompresses.</summary>
    private static byte[] Bomb()
    {
        var builder = new RecordBatchBuilder();
        builder.Append(0, RecordBytes.Null, RecordBytes.Null);
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var written = 0L; written <= LogLimits.DecompressedBytesMax; written += zeros.Length) gzip.Write(zeros);
        }

        byte[] batch = [.. builder.Build().Span[..RecordBatchHeader.Size], .. packed.ToArray()];
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchHeader.LengthAt), batch.Length - RecordBatchHeader.LengthOverhead);
        BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(RecordBatchHeader.AttributesAt), (short)CompressionType.Gzip);
        RecordBatchHeader.Seal(batch);
        return batch;
    }

    private static byte[] ProduceOf(byte[] batch) => RawKafka.Request(0, 3, 1, isFlexible: false, w =>
    {
        w.WriteNullableString(null);
        w.WriteInt16(-1);
        w.WriteInt32(30_000);
        w.WriteArrayLength(1);
        w.WriteString("t");
        w.WriteArrayLength(1);
        w.WriteInt32(0);
        w.WriteBytes(batch);
    });

    private static KafkaError ErrorOf(byte[] response)
    {
        var reader = new KafkaReader(response, isFlexible: false);
        reader.ReadInt32();
        reader.ReadArrayLength();
        reader.ReadString();
        reader.ReadArrayLength();
        reader.ReadInt32();
        return (KafkaError)reader.ReadInt16();
    }

    private static int OpenFilesMax()
    {
        // "Max open files            20000                20000                files": the runtime raises the first number to the second.
        var line = File.ReadLines("/proc/self/limits").First(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var limit = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        return limit == "unlimited" ? int.MaxValue : int.Parse(limit, CultureInfo.InvariantCulture);
    }
}
