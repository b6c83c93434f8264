namespace Sluice.Fuzz.KafkaWire;

/// <summary>The committed requests: what clients send is understood, what the search has found is answered or refused.</summary>
public sealed class CorpusFuzzTests
{
    [Fact]
    public async Task What_clients_send_is_understood()
    {
        await using var bed = await RequestBed.OpenAsync();
        var apis = new HashSet<(byte, byte)>();
        foreach (var frame in RequestBed.Recorded())
        {
            apis.Add((frame[0], frame[1]));
            (await bed.AskAsync(frame)).ShouldBeTrue(Convert.ToHexString(frame));
        }

        apis.Count.ShouldBeGreaterThan(20, "the corpus has most of the APIs");
    }

    [Fact]
    public async Task What_the_search_has_found_is_answered_or_refused()
    {
        await using var bed = await RequestBed.OpenAsync();
        foreach (var frame in RequestBed.Found()) await bed.AskAsync(frame);
    }
}
