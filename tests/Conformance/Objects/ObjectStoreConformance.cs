using System.Text;
using Sluice.Objects;

namespace Sluice.Conformance.Objects;

/// <summary>What every object store owes its users. A store joins by deriving from this.</summary>
public abstract class ObjectStoreConformance
{
    private static readonly CancellationToken s_none = CancellationToken.None;

    /// <summary>An empty bucket.</summary>
    protected abstract IObjectStore Store { get; }

    /// <summary>The bucket the race runs on, where a faster way to the same one exists.</summary>
    protected virtual IObjectStore RaceStore => Store;

    /// <summary>Rounds of the put-if-absent race; a remote store may take fewer.</summary>
    protected virtual int RaceRounds => 3_000;

    [Fact]
    public async Task A_put_object_is_read_back_whole_and_in_ranges()
    {
        var info = await Store.PutAsync(Key("a/b.json"), Bytes("0123456789"), s_none);

        info.Size.ShouldBe(10);
        (await TextOf("a/b.json")).ShouldBe("0123456789");
        (await RangeOf("a/b.json", 2, 3)).ShouldBe("234");
        (await RangeOf("a/b.json", 8, 100)).ShouldBe("89");
        (await RangeOf("a/b.json", 10, 5)).ShouldBe("");
        (await RangeOf("a/b.json", 50, 5)).ShouldBe("");
        (await RangeOf("a/b.json", 0, 0)).ShouldBe("");
        (await Store.HeadAsync(Key("a/b.json"), s_none)).ShouldBe(info);
    }

    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        await Store.PutAsync(Key("empty"), default, s_none);

        (await TextOf("empty")).ShouldBe("");
        (await Store.HeadAsync(Key("empty"), s_none))!.Size.ShouldBe(0);
    }

    [Fact]
    public async Task What_was_never_put_is_absent_in_every_way_of_asking()
    {
        await Store.PutAsync(Key("folder/file"), Bytes("x"), s_none);

        foreach (var absent in new[] { "none", "none/at/all", "folder", "folder/file/deeper" })
        {
            (await Store.HeadAsync(Key(absent), s_none)).ShouldBeNull();
            (await Store.GetAsync(Key(absent), s_none)).ShouldBeNull();
            (await Store.GetRangeAsync(Key(absent), 0, 1, s_none)).ShouldBeNull();
            (await Store.GetFileAsync(Key(absent), s_none)).ShouldBeNull();
            await Store.DeleteAsync(Key(absent), s_none);
        }

        (await KeysAsync("none/")).ShouldBeEmpty();
        (await TextOf("folder/file")).ShouldBe("x");
    }

    [Fact]
    public async Task A_second_put_replaces_the_object_and_changes_its_ETag()
    {
        var first = await Store.PutAsync(Key("k"), Bytes("old"), s_none);
        var second = await Store.PutAsync(Key("k"), Bytes("new"), s_none);

        (await TextOf("k")).ShouldBe("new");
        second.ETag.ShouldNotBe(first.ETag);
        (await Store.HeadAsync(Key("k"), s_none))!.ETag.ShouldBe(second.ETag);
    }

    [Fact]
    public async Task A_deleted_object_is_gone_and_its_key_free()
    {
        await Store.PutAsync(Key("d/k"), Bytes("x"), s_none);
        await Store.DeleteAsync(Key("d/k"), s_none);

        (await Store.GetAsync(Key("d/k"), s_none)).ShouldBeNull();
        (await KeysAsync("")).ShouldBeEmpty();
        (await Store.PutIfAbsentAsync(Key("d/k"), Bytes("y"), s_none)).ShouldBeTrue();
    }

    [Fact]
    public async Task Put_if_absent_keeps_what_is_there()
    {
        (await Store.PutIfAbsentAsync(Key("log/0"), Bytes("first"), s_none)).ShouldBeTrue();
        (await Store.PutIfAbsentAsync(Key("log/0"), Bytes("second"), s_none)).ShouldBeFalse();

        (await TextOf("log/0")).ShouldBe("first");
    }

    [Fact]
    public async Task Of_eight_racing_puts_if_absent_exactly_one_wins_every_round()
    {
        for (var round = 0; round < RaceRounds; round++)
        {
            var key = Key($"race/{round}");
            var wins = await Task.WhenAll(Enumerable.Range(0, 8).Select(racer =>
                Task.Run(() => RaceStore.PutIfAbsentAsync(key, Bytes($"{racer}"), s_none).AsTask())));

            wins.Count(won => won).ShouldBe(1, $"round {round}");
            (await TextOf(key.Value)).ShouldBe($"{Array.IndexOf(wins, true)}");
        }
    }

    [Fact]
    public async Task Keys_are_listed_in_the_order_of_their_UTF8_bytes()
    {
        string[] keys =
        [
            "a", "a-b", "a.b", "a0", "aa/b", "b-c/d", "b.c", "b/c", "b/c-d", "b/c.d", "b0/c", "B", "é", "z/\uFF5E", "z/\U0001F600", "Z/~", "10", "9", "b/d/e/f",
        ];
        foreach (var key in keys) await Store.PutAsync(Key(key), Bytes(key), s_none);

        (await KeysAsync("")).ShouldBe(keys.OrderBy(k => Encoding.UTF8.GetBytes(k), new ByteOrder()));
    }

    [Theory]
    [InlineData("b", "b-c/d b.c b/c b/d")]
    [InlineData("b/", "b/c b/d")]
    [InlineData("b/c", "b/c")]
    [InlineData("b-c/d", "b-c/d")]
    [InlineData("b-c/d/", "")]
    [InlineData("x", "")]
    [InlineData("../", "")]
    [InlineData("/", "")]
    [InlineData("a//", "")]
    public async Task A_prefix_limits_the_list_wherever_it_ends(string prefix, string expected)
    {
        foreach (var key in (string[])["a", "b-c/d", "b.c", "b/c", "b/d", "c"]) await Store.PutAsync(Key(key), Bytes(key), s_none);

        (await KeysAsync(prefix)).ShouldBe(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_list_resumes_after_any_key_there_or_not()
    {
        string[] keys = ["a", "b-c/d", "b.c", "b/c", "b/d", "b/d-e/f", "b/e/f", "c"];
        foreach (var key in keys) await Store.PutAsync(Key(key), Bytes(key), s_none);

        foreach (var after in keys.Concat(["0", "b", "b/cc", "b/d-e", "b/d-e/e", "b/z", "d"]))
        {
            (await KeysAsync("", after)).ShouldBe(keys.Where(k => string.CompareOrdinal(k, after) > 0), after);
            (await KeysAsync("b/", after)).ShouldBe(keys.Where(k => k.StartsWith("b/") && string.CompareOrdinal(k, after) > 0), after);
        }
    }

    [Fact]
    public async Task A_list_says_size_and_ETag_as_head_does()
    {
        await Store.PutAsync(Key("l/1"), Bytes("one"), s_none);
        await Store.PutAsync(Key("l/2"), Bytes("three"), s_none);

        await foreach (var info in Store.ListAsync("l/", null, s_none)) info.ShouldBe(await Store.HeadAsync(info.Key, s_none));
    }

    [Fact]
    public async Task An_object_in_parts_appears_whole_when_completed()
    {
        await using var upload = await Store.BeginMultipartAsync(Key("m/k"), s_none);
        var part = new byte[5 << 20];
        Array.Fill(part, (byte)'p');
        await upload.WritePartAsync(part, s_none);
        await upload.WritePartAsync(Bytes("end"), s_none);

        (await Store.HeadAsync(Key("m/k"), s_none)).ShouldBeNull();
        (await KeysAsync("")).ShouldBeEmpty();
        (await upload.CompleteAsync(s_none)).Size.ShouldBe(part.Length + 3);
        (await RangeOf("m/k", part.Length - 1, 100)).ShouldBe("pend");
    }

    [Fact]
    public async Task Parts_replace_an_object_only_when_completed()
    {
        await Store.PutAsync(Key("m"), Bytes("old"), s_none);
        await using (var abandoned = await Store.BeginMultipartAsync(Key("m"), s_none)) await abandoned.WritePartAsync(Bytes("lost"), s_none);
        (await TextOf("m")).ShouldBe("old");

        await using var upload = await Store.BeginMultipartAsync(Key("m"), s_none);
        await upload.WritePartAsync(Bytes("new"), s_none);
        await upload.CompleteAsync(s_none);
        (await TextOf("m")).ShouldBe("new");
        (await KeysAsync("")).ShouldBe(["m"]);
    }

    [Fact]
    public async Task A_file_is_taken_over_as_an_object()
    {
        var path = Path.Combine(Path.GetTempPath(), $"sluice-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(path, "from a file", s_none);

        (await Store.PutFileAsync(Key("t/part-0.parquet"), path, s_none)).Size.ShouldBe(11);

        File.Exists(path).ShouldBeFalse();
        (await TextOf("t/part-0.parquet")).ShouldBe("from a file");
        var local = await Store.GetFileAsync(Key("t/part-0.parquet"), s_none);
        (await File.ReadAllTextAsync(local!, s_none)).ShouldBe("from a file");
    }

    [Fact]
    public async Task A_reader_beside_a_writer_sees_one_whole_version_after_another()
    {
        var versions = Enumerable.Range(0, 100).Select(v => string.Concat(Enumerable.Repeat($"{v:D3}", 5_000))).ToList();
        await Store.PutAsync(Key("v"), Bytes(versions[0]), s_none);
        var writing = Task.Run(async () =>
        {
            foreach (var version in versions) await Store.PutAsync(Key("v"), Bytes(version), s_none);
        });

        var last = 0;
        do
        {
            var index = versions.IndexOf(await TextOf("v"));
            index.ShouldBeGreaterThanOrEqualTo(last);
            last = index;
        }
        while (!writing.IsCompleted);
        await writing;
    }

    protected static ObjectKey Key(string key) => new(key);

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected async Task<string> TextOf(string key) => Encoding.UTF8.GetString((await Store.GetAsync(Key(key), s_none)).ShouldNotBeNull().Span);

    private async Task<string> RangeOf(string key, long start, int length) =>
        Encoding.UTF8.GetString((await Store.GetRangeAsync(Key(key), start, length, s_none)).ShouldNotBeNull().Span);

    protected async Task<List<string>> KeysAsync(string prefix, string? after = null)
    {
        var keys = new List<string>();
        await foreach (var info in Store.ListAsync(prefix, after is null ? null : Key(after), s_none)) keys.Add(info.Key.Value);
        return keys;
    }

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
