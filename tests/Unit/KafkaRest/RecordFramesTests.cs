using System.Buffers;
using System.Text;
using CsCheck;
using Sluice.KafkaRest.V3;

namespace Sluice.Unit.KafkaRest;

public sealed class RecordFramesTests
{
    [Fact]
    public void Objects_are_found_whole_however_the_bytes_are_cut()
    {
        var text = Gen.String[Gen.Char["ab{}[]\"\\ \u00e9"], 0, 6];
        var record = text.Array[0, 3].Select(strings => System.Text.Json.JsonSerializer.Serialize(new { a = strings, b = new { c = strings } }));
        Gen.Select(record.Array[1, 4], Gen.Int[1, 7]).Sample((records, step) =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(records));
            var frames = default(RecordFrames);
            var found = new List<string>();
            var start = 0;
            for (var end = 0; end < bytes.Length;)
            {
                end = Math.Min(bytes.Length, end + step);
                while (start < end && frames.Next(new ReadOnlySequence<byte>(bytes, start, end - start)) is { } length)
                {
                    found.Add(Encoding.UTF8.GetString(bytes, start, (int)length));
                    start += (int)length;
                }
            }

            found.ShouldBe(records);
        });
    }

    [Theory]
    [InlineData("null{}")]
    [InlineData("}{}")]
    [InlineData("\"{}")]
    [InlineData(",{}")]
    public void What_is_no_object_is_one_byte(string text)
    {
        default(RecordFrames).Next(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text))).ShouldBe(1);
    }
}
