namespace Sluice.Fuzz.KafkaWire;

/// <summary>Bytes that no client sends, given to every version of every API.</summary>
public sealed class RequestFuzzTests
{
    private const int RoundsPerVersion = 500;

    [Theory]
    [InlineData(1)]
    [InlineData(20261122)]
    public async Task Any_bytes_are_answered_or_refused(int seed)
    {
        var random = new Random(seed);
        await using var bed = await RequestBed.OpenAsync();
        for (var round = 0; round < RoundsPerVersion; round++)
        {
            foreach (var frame in RequestBed.FramesOf(() => Body(random))) await bed.AskAsync(frame);
        }
    }

    /// <summary>Noise, or pieces that look like fields: small counts, the topic's name, numbers at the edges.</summary>
    private static byte[] Body(Random random)
    {
        var bytes = new List<byte>();
        var length = random.Next(120);
        while (bytes.Count < length)
        {
            byte[] piece = random.Next(9) switch
            {
                0 => [0, 0, 0, (byte)random.Next(3)],
                1 => [0, 1, (byte)'t'],
                2 => [2, (byte)'t'],
                3 => [(byte)random.Next(4)],
                4 => [0xff, 0xff, 0xff, 0xff],
                5 => [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                6 => [0, 0, 0, 0, 0, 0, 0, 0],
                7 => [0xff, 0xff, 0xff, 0xff, 0x0f],
                _ => [(byte)random.Next(256)],
            };
            bytes.AddRange(piece);
        }

        return [.. bytes];
    }
}
