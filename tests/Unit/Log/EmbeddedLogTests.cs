using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class EmbeddedLogTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-log-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_was_appended_is_read_back_after_a_reopen()
    {
        var options = new EmbeddedLogOptions { Directory = Path.Combine(_directory.FullName, "log") };
        var at = new TopicPartition("t", 0);
        await using (var log = EmbeddedLog.Open(options, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance))
        {
            await log.CreateTopicAsync(new TopicSpec("t", 1, new Dictionary<string, string>()), default);
            var builder = new RecordBatchBuilder();
            builder.Append(5, RecordBytes.Null, RecordBytes.Of("a"u8));
            builder.Append(6, RecordBytes.Of("k"u8), RecordBytes.Of("b"u8));
            (await log.AppendAsync(at, builder.Build(), default)).ShouldBe(new AppendResult(AppendError.None, 0));
            (await log.AppendAsync(at, builder.Build(), default)).ShouldBe(new AppendResult(AppendError.None, 2));
        }

        await using var reopened = EmbeddedLog.Open(options, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        var fetched = await reopened.ReadAsync(at, 1, 1 << 20, default);
        fetched.Offsets.ShouldBe(new PartitionOffsets(0, 4));
        var seen = new StringBuilder();
        var records = new RecordReader(fetched.Bytes.Span, 1);
        while (records.MoveNext()) seen.Append(records.Offset).Append(Encoding.UTF8.GetString(records.Value.Span));
        seen.ToString().ShouldBe("1b2a3b");
        records.NextOffset.ShouldBe(4);
    }
}
