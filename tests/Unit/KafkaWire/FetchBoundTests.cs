using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

public sealed class FetchBoundTests
{
    [Theory]
    [InlineData(100, 1)]
    [InlineData(15_000, 1)]
    [InlineData(25_000, 2)]
    public async Task Only_the_first_batch_of_an_answer_may_pass_its_bound(int bytesMax, int served)
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        for (var partition = 0; partition < 3; partition++)
            (await bed.Log.AppendAsync(new TopicPartition("t", partition), ApiBed.Batch(new string('x', 10_000)), default)).Error.ShouldBe(AppendError.None);
        var answer = await bed.AskAsync(Fetch.Api, 4, w =>
        {
            foreach (var number in (int[])[-1, 0, 1, bytesMax]) w.WriteInt32(number);
            w.WriteInt8(0);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(3);
            for (var partition = 0; partition < 3; partition++)
            {
                w.WriteInt32(partition);
                w.WriteInt64(0);
                w.WriteInt32(1 << 20);
            }
        });
        var reader = answer.Reader();
        reader.ReadInt32();
        reader.ReadArrayLength();
        reader.ReadString();
        var filled = 0;
        for (var left = reader.ReadArrayLength(); left > 0; left--)
        {
            reader.ReadInt32();
            ((KafkaError)reader.ReadInt16()).ShouldBe(KafkaError.None);
            reader.ReadInt64();
            reader.ReadInt64();
            reader.ReadArrayLength();
            if (reader.ReadBytes().Length > 0) filled++;
        }

        filled.ShouldBe(served);
    }
}
