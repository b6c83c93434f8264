using Shouldly;
using Sluice.Tables;
using Xunit;

namespace Sluice.Unit.Tables;

/// <summary>Protocol features and conflicts: one test a rule.</summary>
public sealed class RuleTests
{
    private const string BlindInfo = """{"commitInfo":{"operation":"WRITE","isBlindAppend":true}}""";
    private const string Added = """{"add":{"path":"n","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}""";
    private const string Removed = """{"remove":{"path":"o","deletionTimestamp":1,"dataChange":true}}""";
    private const string Protocol = """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""";
    private const string Metadata = """{"metaData":{"id":"i","schemaString":"{}","partitionColumns":[],"configuration":{}}}""";
    private const string Moved = """{"txn":{"appId":"app","version":2}}""";

    private static readonly Intent s_append = new(ReadsTable: false, new HashSet<FileKey>(), new HashSet<string>());
    private static readonly Intent s_overwrite = new(ReadsTable: true, new HashSet<FileKey> { new("o", null) }, new HashSet<string>());
    private static readonly Intent s_position = s_append with { AppIds = new HashSet<string> { "app" } };
    private static readonly TableMetadata s_metadata = new("i", "", [], EmptyMap.Strings);
    private static readonly StructType s_schema = SchemaJson.Parse("""{"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":{}}]}""");

    [Fact]
    public void An_append_follows_every_change_of_rows()
    {
        Outcome(s_append, BlindInfo, Added).ShouldBeNull();
        Outcome(s_append, Added, Removed).ShouldBeNull();
        Outcome(s_append, Moved).ShouldBeNull();
    }

    [Fact]
    public void A_changed_protocol_or_metadata_is_a_conflict_for_everyone()
    {
        Outcome(s_append, Protocol).ShouldBe(CommitOutcome.ProtocolConflict);
        Outcome(s_append, Metadata).ShouldBe(CommitOutcome.MetadataConflict);
    }

    [Fact]
    public void A_moved_position_is_a_conflict_for_who_moves_it() => Outcome(s_position, BlindInfo, Added, Moved).ShouldBe(CommitOutcome.TransactionConflict);

    [Fact]
    public void An_overwrite_conflicts_with_removes_and_with_appends_that_were_not_blind()
    {
        Outcome(s_overwrite, Removed).ShouldBe(CommitOutcome.DeleteConflict);
        Outcome(s_overwrite, Removed.Replace("\"o\"", "\"other\"", StringComparison.Ordinal)).ShouldBe(CommitOutcome.DeleteConflict);
        Outcome(s_overwrite, Added).ShouldBe(CommitOutcome.AppendConflict);
        Outcome(s_overwrite, BlindInfo, Added).ShouldBeNull();
        Outcome(s_overwrite, BlindInfo, Added.Replace("true", "false", StringComparison.Ordinal)).ShouldBeNull();
    }

    [Fact]
    public void Serializable_isolation_makes_blind_appends_conflict_too()
    {
        ConflictCheck.Against(1, LogTests.Parse(BlindInfo, Added), s_overwrite, serializable: true)!.Value.Outcome.ShouldBe(CommitOutcome.AppendConflict);
        ConflictCheck.Against(1, LogTests.Parse(BlindInfo, Added), s_append, serializable: true).ShouldBeNull();
    }

    [Theory]
    [InlineData(1, 2, null, null)]
    [InlineData(2, 5, null, null)]
    [InlineData(3, 7, "columnMapping,deletionVectors,timestampNtz,v2Checkpoint,vacuumProtocolCheck", null)]
    [InlineData(3, 7, "deletionVectors,catalogManaged,variantType", "catalogManaged, variantType")]
    [InlineData(3, 7, null, "without naming readerFeatures")]
    [InlineData(4, 8, null, "reader version 4")]
    public void A_reader_refuses_what_it_does_not_know_by_name(int reader, int writer, string? features, string? reason)
    {
        var fault = Features.ReadFault(new TableProtocol(reader, writer, features?.Split(','), features?.Split(',')));
        if (reason is null) fault.ShouldBeNull();
        else fault.ShouldNotBeNull().ShouldContain(reason);
    }

    [Theory]
    [InlineData(2, null, "", null)]
    [InlineData(7, "appendOnly,columnMapping", "", null)]
    [InlineData(7, "appendOnly,rowTracking,icebergCompatV1", "", "icebergCompatV1, rowTracking")]
    [InlineData(3, null, "delta.constraints.positive=a > 0", null)]
    [InlineData(4, null, "delta.enableChangeDataFeed=true", null)]
    [InlineData(5, null, "delta.columnMapping.mode=name", null)]
    [InlineData(7, "inCommitTimestamp", "delta.enableInCommitTimestamps=true", null)]
    [InlineData(8, null, "", "writer version 8")]
    public void A_writer_refuses_what_it_does_not_do_by_name(int writer, string? features, string property, string? reason)
    {
        var configuration = property.Length == 0 ? [] : new Dictionary<string, string> { [property.Split('=')[0]] = property.Split('=')[1] };
        var fault = Features.WriteFault(new TableProtocol(1, writer, null, features?.Split(',')), new TableMetadata("i", "", [], configuration), s_schema);
        if (reason is null) fault.ShouldBeNull();
        else fault.ShouldNotBeNull().ShouldContain(reason);
    }

    [Fact]
    public void A_writer_refuses_generated_and_identity_columns_by_name()
    {
        Features.WriteFault(new TableProtocol(1, 4), s_metadata, Schema("delta.generationExpression")).ShouldNotBeNull().ShouldContain("generatedColumns");
        Features.WriteFault(new TableProtocol(1, 6), s_metadata, Schema("delta.identity.start")).ShouldNotBeNull().ShouldContain("identityColumns");
    }

    [Fact]
    public void A_change_that_looked_at_some_files_conflicts_only_with_what_happens_to_these()
    {
        var basis = LayeredMap<FileKey, AddFile>.Empty.ToBuilder();
        basis.Set(new FileKey("o", null), new AddFile("o", 1, 1, null));
        var reads = s_append with { ReadsTable = true, Basis = basis.Build(), MayRead = file => file.Path == "o" };
        Outcome(reads, Added).ShouldBeNull();
        Outcome(reads, Added.Replace("\"n\"", "\"o\"", StringComparison.Ordinal)).ShouldBe(CommitOutcome.AppendConflict);
        Outcome(reads, Removed).ShouldBe(CommitOutcome.DeleteConflict);
        Outcome(reads, Removed.Replace("\"o\"", "\"other\"", StringComparison.Ordinal)).ShouldBeNull();
    }

    [Fact]
    public void New_rules_for_all_rows_conflict_with_blind_appends_too()
    {
        var rules = s_append with { ReadsTable = true, ChangesMetadata = true };
        Outcome(rules, BlindInfo, Added).ShouldBe(CommitOutcome.AppendConflict);
        Outcome(s_append with { ChangesMetadata = true }, BlindInfo, Added).ShouldBeNull();
    }

    private static StructType Schema(string key) =>
        new([new StructField("a", new PrimitiveType("long"), Nullable: true).With(key, "{}")]);

    private static CommitOutcome? Outcome(Intent intent, params string[] winner) =>
        ConflictCheck.Against(1, LogTests.Parse(winner), intent, serializable: false)?.Outcome;
}
