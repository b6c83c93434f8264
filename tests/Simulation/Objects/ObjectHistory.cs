using System.Text;
using Sluice.Objects;
using Sluice.Testing;

namespace Sluice.Simulation.Objects;

/// <summary>
/// One seeded life of a local object store on a disk that loses power in the middle of operations, fails writes and forgets what
/// was not synced. A key holds what was last acknowledged, or something put whole after it whose outcome nobody was told.
/// </summary>
internal sealed class ObjectHistory
{
    private const string Absent = "(absent)";
    private static readonly CancellationToken s_none = CancellationToken.None;
    private static readonly string[] s_keys = ["a", "b/1", "b/2", "b/c/1", "b-c"];
    private readonly Random _random;
    private readonly SimulatedFileSystem _files;
    private readonly Dictionary<string, HashSet<string>> _possible = s_keys.ToDictionary(k => k, _ => new HashSet<string> { Absent });
    private int _puts;

    public ObjectHistory(int seed, SimulatedLie lie)
    {
        _random = new Random(seed);
        _files = new SimulatedFileSystem(seed) { Lie = lie };
    }

    public async Task LiveAsync()
    {
        for (var life = 0; life < 4; life++)
        {
            _files.FailureRate = _random.Next(3) == 0 ? 0.1 : 0;
            _files.PowerLossIn = _random.Next(80);
            try
            {
                var store = LocalObjectStore.Open("/objects", _files);
                for (var step = 0; step < 12; step++) await StepAsync(store);
            }
            catch (IOException)
            {
                // The power went, or the disk failed: what is owed is checked after the restart.
            }

            _files.FailureRate = 0;
            _files.Restart();
            await CheckAsync();
        }
    }

    private async Task StepAsync(LocalObjectStore store)
    {
        var name = s_keys[_random.Next(s_keys.Length)];
        var key = new ObjectKey(name);
        var text = string.Concat(Enumerable.Repeat($"{++_puts},", _random.Next(1, 200)));
        var bytes = Encoding.UTF8.GetBytes(text);
        switch (_random.Next(5))
        {
            case 0:
                _possible[name].Add(Absent);
                await store.DeleteAsync(key, s_none);
                _possible[name] = [Absent];
                break;
            case 1:
                if (_possible[name].Contains(Absent)) _possible[name].Add(text);
                if (await store.PutIfAbsentAsync(key, bytes, s_none)) _possible[name] = [text];
                else _possible[name].Remove(text);
                break;
            case 2:
                _possible[name].Add(text);
                await using (var upload = await store.BeginMultipartAsync(key, s_none))
                {
                    await upload.WritePartAsync(bytes.AsMemory(0, bytes.Length / 2), s_none);
                    await upload.WritePartAsync(bytes.AsMemory(bytes.Length / 2), s_none);
                    await upload.CompleteAsync(s_none);
                }

                _possible[name] = [text];
                break;
            default:
                _possible[name].Add(text);
                await store.PutAsync(key, bytes, s_none);
                _possible[name] = [text];
                break;
        }
    }

    private async Task CheckAsync()
    {
        var store = LocalObjectStore.Open("/objects", _files);
        _files.ListFiles("/objects/.uploads").ShouldBeEmpty();
        var listed = new List<string>();
        await foreach (var info in store.ListAsync("", null, s_none)) listed.Add(info.Key.Value);
        listed.ShouldBeSubsetOf(s_keys);
        foreach (var name in s_keys)
        {
            var found = await store.GetAsync(new ObjectKey(name), s_none) is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : Absent;
            _possible[name].ShouldContain(found, name);
            listed.Contains(name).ShouldBe(found != Absent);
            // What survived one loss of power is on the disk, and survives the next.
            _possible[name] = [found];
        }
    }
}
