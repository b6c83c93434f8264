using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class RecoveryTests
{
    private static async Task<LogFixture> FilledAsync(int records = 30, params (string, string)[] configs)
    {
        var fixture = await LogFixture.OpenAsync(1, configs);
        for (var i = 0; i < records; i++) await fixture.AppendAsync($"value {i}".PadRight(200, '.'));
        await fixture.Log.DisposeAsync();
        return fixture;
    }

    private static void Append(string path, byte[] bytes)
    {
        using var file = File.Open(path, FileMode.Append);
        file.Write(bytes);
    }

    private static void Flip(string path, long position)
    {
        using var file = File.Open(path, FileMode.Open);
        file.Position = position;
        var value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 0x40));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(-1)]
    public async Task A_torn_last_batch_is_cut_off_and_appends_go_on_behind_the_last_whole_one(int bytes)
    {
        await using var fixture = await FilledAsync();
        var torn = LogFixture.Batch(1, "torn");
        Append(fixture.Files(".log")[0], torn[..(bytes < 0 ? torn.Length - 1 : bytes)]);
        fixture.Open();
        (await fixture.ReadAsync()).Count.ShouldBe(30);
        (await fixture.AppendAsync("next")).ShouldBe(30);
        await fixture.ReopenAsync();
        (await fixture.ReadAsync())[^1].ShouldBe("next");
    }

    [Fact]
    public async Task A_whole_batch_behind_a_torn_one_is_cut_off_too()
    {
        await using var fixture = await FilledAsync();
        Append(fixture.Files(".log")[0], new byte[100]);
        Append(fixture.Files(".log")[0], LogFixture.Batch(1, "behind"));
        fixture.Open();
        (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).End.ShouldBe(30);
    }

    [Fact]
    public async Task Without_a_checkpoint_everything_is_checked_and_the_indexes_are_built_again()
    {
        await using var fixture = await FilledAsync(100, ("segment.bytes", "9000"));
        var indexes = fixture.Files("index").ToDictionary(path => path, File.ReadAllBytes);
        File.Delete(Path.Combine(fixture.Root, "t-0", "checkpoint"));
        foreach (var path in indexes.Keys) File.Delete(path);
        fixture.Open();
        (await fixture.ReadAsync()).Count.ShouldBe(100);
        await fixture.Log.DisposeAsync();
        foreach (var (path, bytes) in indexes) File.ReadAllBytes(path).ShouldBe(bytes, path);
        fixture.Open();
    }

    [Fact]
    public async Task A_missing_index_of_a_sealed_segment_is_built_again()
    {
        await using var fixture = await FilledAsync(100, ("segment.bytes", "9000"));
        var index = fixture.Files(".index")[0];
        var bytes = File.ReadAllBytes(index);
        File.Delete(index);
        fixture.Open();
        File.ReadAllBytes(index).ShouldBe(bytes);
        (await fixture.ReadAsync()).Count.ShouldBe(100);
    }

    [Fact]
    public async Task Damage_in_a_sealed_segment_is_reported_with_file_and_position_when_it_is_read()
    {
        await using var fixture = await FilledAsync(100, ("segment.bytes", "9000"));
        var size = LogFixture.Batch(1, "value 0".PadRight(200, '.')).Length;
        Flip(fixture.Files(".log")[1], size + 150);
        fixture.Open();
        var damage = await Should.ThrowAsync<CorruptLogException>(async () => await fixture.ReadAsync());
        (damage.Path, damage.Position).ShouldBe((fixture.Files(".log")[1], size));
        damage.Message.ShouldContain(fixture.Files(".log")[1]);
    }

    [Fact]
    public async Task Damage_that_the_scan_meets_before_the_last_segment_stops_the_start()
    {
        await using var fixture = await FilledAsync(100, ("segment.bytes", "9000"));
        File.Delete(Path.Combine(fixture.Root, "t-0", "checkpoint"));
        Flip(fixture.Files(".log")[0], 100);
        var damage = Should.Throw<CorruptLogException>(() => fixture.Open());
        (damage.Path, damage.Position).ShouldBe((fixture.Files(".log")[0], 0));
        Flip(fixture.Files(".log")[0], 100);
        fixture.Open();
        (await fixture.ReadAsync()).Count.ShouldBe(100);
    }

    [Fact]
    public async Task A_segment_that_is_missing_or_shorter_than_what_was_synced_stops_the_start()
    {
        await using var fixture = await FilledAsync(100, ("segment.bytes", "9000"));
        var (middle, last) = (fixture.Files(".log")[1], fixture.Files(".log")[^1]);
        File.Move(middle, middle + ".away");
        Should.Throw<CorruptLogException>(() => fixture.Open());
        File.Move(middle + ".away", middle);
        var bytes = File.ReadAllBytes(last);
        File.WriteAllBytes(last, bytes[..^1]);
        Should.Throw<CorruptLogException>(() => fixture.Open()).Message.ShouldContain($"{bytes.Length} bytes were synced");
        File.WriteAllBytes(last, bytes);
        fixture.Open();
        (await fixture.ReadAsync()).Count.ShouldBe(100);
    }

    [Fact]
    public async Task Damage_below_the_end_of_the_open_segment_is_reported_and_not_cut_off()
    {
        await using var fixture = await FilledAsync();
        foreach (var path in fixture.Files("index")) File.Delete(path);
        Flip(fixture.Files(".log")[0], 100);
        var damage = Should.Throw<CorruptLogException>(() => fixture.Open());
        damage.Position.ShouldBe(0);
        Flip(fixture.Files(".log")[0], 100);
        fixture.Open();
    }
}
