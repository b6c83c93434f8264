using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Sluice.Fuzz.Guided;
using Sluice.KafkaWire;
using Sluice.Testing;

namespace Sluice.Fuzz.KafkaWire;

/// <summary>
/// Requests changed at random, those kept that reach code that none reached before. <c>SLUICE_TEST_FUZZ_SECONDS</c> says for how long instead of
/// 20 seconds, <c>SLUICE_TEST_FUZZ_SEED</c> with which seed, and <c>SLUICE_TEST_FUZZ_CORPUS</c> names a file to write what was found to, for found.hex.
/// </summary>
public sealed class GuidedFuzzTests(ITestOutputHelper report) : IDisposable
{
    /// <summary>A broker that has seen so many requests is followed by a new one: what they left behind slows it down.</summary>
    private const int RunsPerBroker = 2_000;

    /// <summary>Longer requests do not go into the file: they reach what shorter ones reach too, more often.</summary>
    private const int CommittedBytesMax = 400;

    /// <summary>The key, version and correlation id.</summary>
    private const int HeaderBytes = 8;

    private readonly InstrumentedCopy _copy = new(typeof(KafkaBroker).Assembly, typeof(PlantedFault).Assembly);
    private readonly Random _random = new(int.Parse(Setting("SEED") ?? "4711", CultureInfo.InvariantCulture));
    private IAsyncDisposable? _bed;
    private Func<byte[], Task<bool>> _ask = null!;
    private int _asked;

    [Fact]
    public async Task Requests_that_reach_new_code_are_answered_or_refused()
    {
        CoverageMap.Reset();
        var (search, forHowLong) = (new GuidedSearch(AskAsync, Change, _random), TimeSpan.FromSeconds(int.Parse(Setting("SECONDS") ?? "20", CultureInfo.InvariantCulture)));
        try
        {
            foreach (var frame in (byte[][])[.. RequestBed.Recorded(), .. RequestBed.Found(), .. RequestBed.FramesOf(() => new byte[40])]) await search.TryAsync(frame);
            var (known, edges) = (search.Corpus.Count, CoverageMap.Edges);
            edges.ShouldBeGreaterThan(2_000, "the copy is traced, and the corpus reaches much of it");
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < forHowLong;) await search.StepAsync();
            report.WriteLine($"{search.Runs} requests; {edges} pairs of branches with the corpus, {CoverageMap.Edges} in the end; {search.Corpus.Count - known} requests kept");
        }
        finally
        {
            await EndBrokerAsync();
        }

        if (Setting("CORPUS") is { } file) await File.WriteAllLinesAsync(file, (await SmallestAsync(search.Corpus)).Select(Convert.ToHexStringLower));
    }

    [Fact]
    public async Task The_search_finds_a_fault_that_chance_does_not()
    {
        CoverageMap.Reset();
        var check = (Action<byte[]>)_copy.CopyOf(typeof(PlantedFault)).GetProperty(nameof(PlantedFault.Check))!.GetValue(null)!;
        var search = new GuidedSearch(
            input =>
            {
                check(input);
                return Task.CompletedTask;
            },
            (input, others) => ByteChanges.Of(input, HeaderBytes, _random, others),
            _random);
        await search.TryAsync(new byte[16]);
        await Should.ThrowAsync<InvalidOperationException>(async () =>
        {
            while (search.Runs < 2_000_000) await search.StepAsync();
        });
        report.WriteLine($"{search.Runs} runs");
    }

    public void Dispose() => _copy.Dispose();

    private static string? Setting(string name) => Environment.GetEnvironmentVariable($"SLUICE_TEST_FUZZ_{name}");

    private byte[] Change(byte[] frame, IReadOnlyList<byte[]> others)
    {
        var changed = ByteChanges.Of(frame, HeaderBytes, _random, others);
        if (_random.Next(10) > 0) return changed;
        var (min, max) = RequestBed.VersionsOf(frame);
        BinaryPrimitives.WriteInt16BigEndian(changed.AsSpan(2), (short)_random.Next(min, max + 1));
        return changed;
    }

    /// <summary>Asks the copy.</summary>
    private async Task AskAsync(byte[] frame)
    {
        if (_bed is null || ++_asked % RunsPerBroker == 0)
        {
            await EndBrokerAsync();
            var type = _copy.CopyOf(typeof(RequestBed));
            var opening = (Task)type.GetMethod(nameof(RequestBed.OpenAsync))!.Invoke(null, null)!;
            await opening;
            _bed = (IAsyncDisposable)opening.GetType().GetProperty(nameof(Task<>.Result))!.GetValue(opening)!;
            _ask = (Func<byte[], Task<bool>>)type.GetProperty(nameof(RequestBed.Ask))!.GetValue(_bed)!;
            CoverageMap.Begin();
        }

        await _ask(frame);
    }

    private async ValueTask EndBrokerAsync()
    {
        if (_bed is not null) await _bed.DisposeAsync();
        _bed = null;
    }

    /// <summary>Those of a corpus that reach what the recorded requests and the shorter ones do not.</summary>
    private async Task<IReadOnlyList<byte[]>> SmallestAsync(IReadOnlyList<byte[]> corpus)
    {
        CoverageMap.Reset();
        var smallest = new GuidedSearch(AskAsync, Change, _random);
        foreach (var frame in RequestBed.Recorded()) await smallest.TryAsync(frame, countsToo: false);
        var recorded = smallest.Corpus.Count;
        foreach (var frame in corpus.Where(f => f.Length <= CommittedBytesMax).OrderBy(f => f.Length)) await smallest.TryAsync(frame, countsToo: false);
        await EndBrokerAsync();
        return [.. smallest.Corpus.Skip(recorded)];
    }
}
