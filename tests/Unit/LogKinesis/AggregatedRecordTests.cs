using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Sluice.Log.Kinesis.Shards;

namespace Sluice.Unit.LogKinesis;

[SuppressMessage("Security", "CA5351", Justification = "The format's own digest; it guards against accidents, not against people.")]
public sealed class AggregatedRecordTests
{
    private static readonly byte[] s_magic = [0xF3, 0x89, 0x9A, 0xC2];

    [Fact]
    public void Packed_records_come_apart_with_their_own_keys()
    {
        var packed = Pack(["a", "b"], [(0, "one"), (1, "two"), (0, "")]);
        var records = AggregatedRecord.Read(packed).ShouldNotBeNull();
        records.Select(r => (Encoding.UTF8.GetString(packed[r.Key]), Encoding.UTF8.GetString(packed[r.Data])))
            .ShouldBe([("a", "one"), ("b", "two"), ("a", "")]);
    }

    [Fact]
    public void What_only_begins_like_packed_records_is_a_plain_record()
    {
        AggregatedRecord.Read(s_magic).ShouldBeNull();
        AggregatedRecord.Read("""{"index":1}"""u8).ShouldBeNull();
        var damaged = Pack(["a"], [(0, "one")]);
        damaged[^1] ^= 1;
        AggregatedRecord.Read(damaged).ShouldBeNull();
        AggregatedRecord.Read(Pack(["a"], [(1, "a key that is not there")])).ShouldBeNull();
    }

    [Fact]
    public void Any_bytes_under_a_right_digest_are_read_or_refused()
    {
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            byte[] whole = [.. s_magic, .. bytes, .. MD5.HashData(bytes)];
            if (AggregatedRecord.Read(whole) is not { } records) return true;
            return records.All(r => whole[r.Key].Length + whole[r.Data].Length <= 2 * bytes.Length);
        });
    }

    private static byte[] Pack(string[] keys, (int Key, string Data)[] records)
    {
        using var message = new MemoryStream();
        foreach (var key in keys) Field(message, 1, Encoding.UTF8.GetBytes(key));
        foreach (var (key, data) in records)
        {
            using var record = new MemoryStream();
            record.Write([0x08, (byte)key]);
            Field(record, 3, Encoding.UTF8.GetBytes(data));
            Field(message, 3, record.ToArray());
        }

        var body = message.ToArray();
        return [.. s_magic, .. body, .. MD5.HashData(body)];
    }

    private static void Field(MemoryStream to, int number, byte[] bytes)
    {
        to.WriteByte((byte)((number << 3) | 2));
        to.WriteByte((byte)bytes.Length);
        to.Write(bytes);
    }
}
