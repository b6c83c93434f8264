namespace Sluice.Fuzz.Guided;

/// <summary>Changes inputs at random and keeps those that reach something new, to be changed again.</summary>
/// <param name="run">Runs instrumented code on an input; what it throws ends the search.</param>
/// <param name="change">A changed copy of an input of the corpus.</param>
internal sealed class GuidedSearch(Func<byte[], Task> run, Func<byte[], IReadOnlyList<byte[]>, byte[]> change, Random random)
{
    private readonly List<byte[]> _corpus = [];

    /// <summary>Inputs that reached something new.</summary>
    public IReadOnlyList<byte[]> Corpus => _corpus;

    public long Runs { get; private set; }

    /// <summary>Runs an input, and keeps it when it reaches something new.</summary>
    /// <param name="countsToo">See <see cref="CoverageMap.IsNew"/>.</param>
    public async Task TryAsync(byte[] input, bool countsToo = true)
    {
        CoverageMap.Begin();
        await run(input);
        Runs++;
        if (CoverageMap.IsNew(countsToo)) _corpus.Add(input);
    }

    public async Task StepAsync()
    {
        // Half of the time one of the newest, behind which more is to be expected.
        var from = random.Next(2) == 0 ? Math.Max(0, _corpus.Count - 32) : 0;
        await TryAsync(change(_corpus[random.Next(from, _corpus.Count)], _corpus));
    }
}
