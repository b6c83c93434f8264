using System.Text;
using Shouldly;
using Sluice.Objects;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables;

public sealed class LogTests
{
    private const string Protocol = """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""";

    private const string Metadata = """
        {"metaData":{"id":"i","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{}}}
        """;

    [Theory]
    [InlineData("00000000000000000007.json", LogFileKind.Commit)]
    [InlineData("00000000000000000007.checkpoint.parquet", LogFileKind.ClassicCheckpoint)]
    [InlineData("00000000000000000007.checkpoint.0000000001.0000000002.parquet", LogFileKind.CheckpointPart)]
    [InlineData("00000000000000000007.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json", LogFileKind.UuidCheckpoint)]
    [InlineData("00000000000000000007.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.parquet", LogFileKind.UuidCheckpoint)]
    [InlineData("00000000000000000007.00000000000000000009.compacted.json", LogFileKind.Compaction)]
    [InlineData(".00000000000000000007.json.crc", null)]
    [InlineData("00000000000000000007.crc", null)]
    [InlineData("_last_checkpoint", null)]
    [InlineData("7.json", null)]
    [InlineData("00000000000000000007.json.tmp", null)]
    internal void A_file_of_the_log_is_known_by_its_name(string name, LogFileKind? kind) => LogFile.Parse(name)?.Kind.ShouldBe(kind!.Value);

    [Fact]
    public void A_segment_begins_at_the_newest_complete_checkpoint()
    {
        string[] names =
        [
            .. Enumerable.Range(0, 8).Select(v => LogFile.CommitName(v)), LogFile.CheckpointName(2),
            "00000000000000000005.checkpoint.0000000001.0000000002.parquet", "_last_checkpoint",
        ];
        var incomplete = LogSegment.Find(names, null, out _)!;
        (incomplete.Version, incomplete.CheckpointVersion).ShouldBe((7, 2));
        incomplete.Commits.ShouldBe([3, 4, 5, 6, 7]);
        var complete = LogSegment.Find([.. names, "00000000000000000005.checkpoint.0000000002.0000000002.parquet"], null, out _)!;
        (complete.CheckpointVersion, complete.Checkpoint.Count).ShouldBe((5, 2));
        LogSegment.Find(names, 1, out _)!.CheckpointVersion.ShouldBe(-1);
    }

    [Fact]
    public void A_segment_replays_compactions_where_they_fit_the_longest_first()
    {
        string[] names =
        [
            .. Enumerable.Range(0, 9).Select(v => LogFile.CommitName(v)), LogFile.CheckpointName(1), Compacted(1, 3), Compacted(2, 3), Compacted(2, 5), Compacted(4, 7), Compacted(6, 7),
            Compacted(8, 9),
        ];
        LogSegment.Find(names, null, out _)!.Compactions.Select(c => c.Name).ShouldBe([Compacted(2, 5), Compacted(6, 7)]);
        LogSegment.Find(names, 4, out _)!.Compactions.Select(c => c.Name).ShouldBe([Compacted(2, 3)]);
        LogSegment.Find(names, 0, out _)!.Compactions.ShouldBeEmpty();

        static string Compacted(long from, long to) => $"{from:D20}.{to:D20}.compacted.json";
    }

    [Fact]
    public async Task A_compaction_is_read_instead_of_its_commits()
    {
        using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("n", "INTEGER"));
        for (var n = 1; n <= 4; n++) await bed.AppendAsync(table, $"SELECT {n}::INTEGER AS n");
        await table.DeleteAsync(bed.Connection, "n = 2", TableBed.Cancel);
        await bed.AppendAsync(table, "SELECT 6::INTEGER AS n");
        var wanted = await bed.RowsAsync(table);
        var log = Path.Combine(bed.TableDirectory(table), "_delta_log");
        // Versions 1 to 5: the file of version 2 has come and gone, and its remove stays.
        var lines = Enumerable.Range(1, 5).SelectMany(v => File.ReadAllLines(Path.Combine(log, LogFile.CommitName(v)))).Where(l => !l.Contains("commitInfo", StringComparison.Ordinal)).ToList();
        var removed = lines.Single(l => l.StartsWith("{\"remove\"", StringComparison.Ordinal)).Split('"')[5];
        var compacted = Path.Combine(log, $"{1:D20}.{5:D20}.compacted.json");
        File.WriteAllLines(compacted, lines.Where(l => !l.StartsWith("{\"remove\"", StringComparison.Ordinal)));
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldContain(b => b.Section == "Log Compaction Files" && b.Message.Contains("1 files too many", StringComparison.Ordinal));
        File.WriteAllLines(compacted, lines.Where(l => !l.StartsWith("{\"add\"", StringComparison.Ordinal) || !l.Contains(removed, StringComparison.Ordinal)));
        (await TableLint.CheckAsync(table, TableBed.Cancel)).ShouldBeEmpty();
        // What is not read may be damaged.
        for (var v = 1; v <= 5; v++) File.WriteAllText(Path.Combine(log, LogFile.CommitName(v)), "damaged");
        using var fresh = new TableBed(root: bed.Root);
        var reopened = (await fresh.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await reopened.SnapshotAsync(TableBed.Cancel)).Version.ShouldBe(6);
        (await fresh.RowsAsync(reopened)).ShouldBe(wanted);
    }

    [Fact]
    public void A_gap_or_an_empty_log_or_a_version_that_is_not_there_is_named()
    {
        LogSegment.Find([LogFile.CommitName(0), LogFile.CommitName(2)], null, out var gap).ShouldBeNull();
        gap.ShouldContain("00000000000000000001.json is missing");
        LogSegment.Find([], null, out var empty).ShouldBeNull();
        empty.ShouldContain("empty");
        LogSegment.Find([LogFile.CommitName(0)], 4, out var beyond).ShouldBeNull();
        beyond.ShouldContain("newest version is 0");
        LogSegment.Find([LogFile.CommitName(5)], 5, out var cleaned).ShouldBeNull();
        cleaned.ShouldContain("00000000000000000000.json is missing");
    }

    [Fact]
    public async Task A_listing_that_was_taken_while_commits_landed_is_taken_again()
    {
        await using var bed = new TableBed();
        var table = await bed.CreateAsync("a", ("n", "INTEGER"));
        for (var n = 1; n <= 4; n++) await bed.AppendAsync(table, $"SELECT {n}::INTEGER AS n");
        using var late = new TableBed(root: bed.Root, wrap: store => new TornListing(store, [2, 3]));
        (await (await late.Catalog.OpenAsync(table.Name, TableBed.Cancel))!.SnapshotAsync(TableBed.Cancel)).Version.ShouldBe(4);
        using var never = new TableBed(root: bed.Root, wrap: store => new TornListing(store, [2, 2]));
        var torn = (await never.Catalog.OpenAsync(table.Name, TableBed.Cancel))!;
        (await Should.ThrowAsync<TableFormatException>(async () => await torn.SnapshotAsync(TableBed.Cancel))).Message.ShouldContain("00000000000000000002.json is missing");
    }

    [Fact]
    public void Replay_keeps_the_newest_of_everything_by_canonical_path_and_deletion_vector()
    {
        var replay = new LogReplay(TableState.Empty);
        replay.ApplyCommit(0, Parse(Protocol, Metadata, """{"add":{"path":"a%20b","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}"""));
        replay.ApplyCommit(1, Parse(
            """{"txn":{"appId":"x","version":9}}""",
            """{"remove":{"path":"a b","deletionTimestamp":5,"dataChange":true}}""",
            """{"add":{"path":"a%20b","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,"deletionVector":{"storageType":"u","pathOrInlineDv":"p","offset":4,"sizeInBytes":6,"cardinality":1}}}"""));
        replay.ApplyCommit(2, Parse("""{"txn":{"appId":"x","version":3}}""", """{"unknown":{"deep":[{"a":1}]}}"""));
        var state = replay.Build();
        state.Files.ShouldHaveSingleItem().DeletionVector!.UniqueId.ShouldBe("up@4");
        state.Tombstones.ShouldHaveSingleItem().Path.ShouldBe("a b");
        state.Transactions.ShouldHaveSingleItem().Version.ShouldBe(3);
        Should.Throw<LogFormatException>(() => replay.ApplyCommit(4, [])).Message.ShouldContain("version 4 follows 2");
    }

    [Fact]
    public void A_log_without_protocol_or_metadata_is_an_error()
    {
        var replay = new LogReplay(TableState.Empty);
        replay.ApplyCommit(0, Parse(Metadata));
        Should.Throw<LogFormatException>(replay.Build).Message.ShouldContain("protocol");
        replay = new LogReplay(TableState.Empty);
        replay.ApplyCommit(0, Parse(Protocol));
        Should.Throw<LogFormatException>(replay.Build).Message.ShouldContain("metaData");
    }

    [Theory]
    [InlineData("{\"add\":{\"size\":1}}", "add lacks 'path'")]
    [InlineData("{\"add\":{\"path\":7}}", "line 1")]
    [InlineData("{\"add\":", "line 1")]
    [InlineData("[]", "no JSON object")]
    [InlineData("{\"txn\":{\"appId\":\"a\"}} trailing", "line 1")]
    public void A_line_that_is_no_action_is_named(string line, string reason) =>
        Should.Throw<LogFormatException>(() => Parse(line)).Message.ShouldContain(reason);

    [Fact]
    public void Actions_are_written_and_read_back_equal()
    {
        string[] lines =
        [
            Protocol,
            """{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}""",
            Metadata.Trim(),
            """{"add":{"path":"p","partitionValues":{"d":null},"size":1,"modificationTime":2,"dataChange":false,"stats":"{\"numRecords\":1}","tags":{"t":"v"},"deletionVector":{"storageType":"i","pathOrInlineDv":"x","sizeInBytes":4,"cardinality":2},"baseRowId":1,"defaultRowCommitVersion":2,"clusteringProvider":"c"}}""",
            """{"remove":{"path":"p","deletionTimestamp":3,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":9,"baseRowId":4,"defaultRowCommitVersion":5}}""",
            """{"txn":{"appId":"a\"é","version":-1,"lastUpdated":6}}""",
            """{"domainMetadata":{"domain":"d","configuration":"{}","removed":true}}""",
        ];
        Encoding.UTF8.GetString(ActionWriter.Lines(Parse(lines))).ShouldBe(string.Join('\n', lines) + "\n");
    }

    [Theory]
    [InlineData("plain/file.parquet", "plain/file.parquet")]
    [InlineData("a b%ü#?", "a%20b%25%C3%BC%23%3F")]
    public void A_path_is_encoded_for_the_log_and_decoded_to_compare(string path, string encoded)
    {
        DataPath.Encode(path).ShouldBe(encoded);
        DataPath.Canonical(encoded).ShouldBe(path);
    }

    [Theory]
    [InlineData("file:/a/b", "/a/b")]
    [InlineData("file:///a/b", "/a/b")]
    [InlineData("s3://bucket/a%20b", "s3://bucket/a b")]
    public void A_file_scheme_is_no_part_of_a_path(string path, string canonical)
    {
        DataPath.Canonical(path).ShouldBe(canonical);
        DataPath.IsAbsolute(canonical).ShouldBeTrue();
    }

    [Theory]
    [InlineData("interval 1 week", 7 * 24)]
    [InlineData("INTERVAL 2 days 12 hours", 60)]
    [InlineData("168 hours", 168)]
    [InlineData("interval 1 month", null)]
    [InlineData("interval", null)]
    public void A_duration_property_is_read(string text, int? hours) =>
        CalendarInterval.Parse(text).ShouldBe(hours is { } h ? TimeSpan.FromHours(h) : null);

    [Fact]
    public void A_layered_map_is_what_a_dictionary_would_be_and_older_versions_stay_as_they_were()
    {
        var random = new Random(7);
        var map = LayeredMap<int, string>.Empty;
        var model = new Dictionary<int, string>();
        var versions = new List<(LayeredMap<int, string> Map, string[] Model)>();
        for (var round = 0; round < 60; round++)
        {
            var builder = map.ToBuilder();
            for (var i = 0; i < 50; i++)
            {
                var key = random.Next(600);
                if (random.Next(3) == 0)
                {
                    builder.Remove(key);
                    model.Remove(key);
                }
                else
                {
                    builder.Set(key, $"{key}:{round}:{i}");
                    model[key] = $"{key}:{round}:{i}";
                }
            }

            map = builder.Build();
            versions.Add((map, [.. model.Values.Order(StringComparer.Ordinal)]));
        }

        foreach (var (built, expected) in versions)
        {
            built.Order(StringComparer.Ordinal).ShouldBe(expected);
            built.Count.ShouldBe(expected.Length);
        }
    }

    /// <summary>A store whose first whole listings of a log lack a commit each.</summary>
    private sealed class TornListing(IObjectStore inner, IEnumerable<long> missing) : ForwardingObjectStore(inner)
    {
        private readonly Queue<long> _missing = new(missing);

        public override IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, ObjectKey? startAfter, CancellationToken cancel)
        {
            var all = base.ListAsync(prefix, startAfter, cancel);
            return _missing.TryPeek(out var version) ? all.Where(item => !IsMissing(item, version)) : all;
        }

        /// <summary>A listing that ends before the commit, as the one that opens the table does, counts for nothing.</summary>
        private bool IsMissing(ObjectInfo item, long version)
        {
            if (!item.Key.Value.EndsWith(LogFile.CommitName(version), StringComparison.Ordinal)) return false;
            _missing.Dequeue();
            return true;
        }
    }

    internal static List<ILogAction> Parse(params string[] lines)
    {
        var actions = new List<ILogAction>();
        ActionReader.ReadLines(Encoding.UTF8.GetBytes(string.Join('\n', lines)), actions);
        return actions;
    }
}
