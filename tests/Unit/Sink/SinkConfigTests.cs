using Sluice.Sink;

namespace Sluice.Unit.Sink;

public sealed class SinkConfigTests
{
    /// <summary>The configuration that AWS's own MSK Connect example and the described pipeline use.</summary>
    private static Dictionary<string, string> Example() => new()
    {
        ["name"] = "pins-s3",
        ["connector.class"] = "io.confluent.connect.s3.S3SinkConnector",
        ["s3.region"] = "us-east-1",
        ["topics.regex"] = "0a1.*",
        ["tasks.max"] = "3",
        ["flush.size"] = "1",
        ["schema.compatibility"] = "NONE",
        ["format.class"] = "io.confluent.connect.s3.format.json.JsonFormat",
        ["partitioner.class"] = "io.confluent.connect.storage.partitioner.DefaultPartitioner",
        ["value.converter"] = "org.apache.kafka.connect.json.JsonConverter",
        ["value.converter.schemas.enable"] = "false",
        ["key.converter"] = "org.apache.kafka.connect.storage.StringConverter",
        ["storage.class"] = "io.confluent.connect.s3.storage.S3Storage",
        ["s3.bucket.name"] = "user-0a1-bucket",
    };

    [Fact]
    public void The_properties_of_the_described_system_are_taken_as_they_are()
    {
        var parsed = SinkConfig.Parse(Example());

        parsed.Faults.ShouldBeEmpty();
        parsed.Warnings.ShouldBeEmpty();
        var config = parsed.Config.ShouldNotBeNull();
        (config.Name, config.Bucket, config.FlushSize, config.TasksMax, config.Group).ShouldBe(("pins-s3", "user-0a1-bucket", 1, 3, "connect-pins-s3"));
        config.Topics.Takes("0a1.pin").ShouldBeTrue();
        config.Topics.Takes("x0a1.pin").ShouldBeFalse();
        (config.NullValues, config.MalformedValues, config.IdleFlush).ShouldBe((NullValues.Write, MalformedValues.Land, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        var parsed = SinkConfig.Parse(new Dictionary<string, string>
        {
            ["connector.class"] = "io.confluent.connect.hdfs.HdfsSinkConnector",
            ["topics"] = "a",
            ["topics.regex"] = "(",
            ["flush.size"] = "0",
            ["tasks.max"] = "many",
            ["rotate.schedule.interval.ms"] = "60000",
            ["partitioner.class"] = "io.confluent.connect.storage.partitioner.FieldPartitioner",
            ["format.class"] = "io.confluent.connect.s3.format.avro.AvroFormat",
            ["s3.part.size"] = "1",
            ["directory.delim"] = "\\",
            ["behavior.on.null.values"] = "keep",
            ["rotate.interval.ms"] = "0",
        });

        parsed.Config.ShouldBeNull();
        foreach (var property in (string[])
            ["name", "s3.bucket.name", "connector.class", "topics, topics.regex", "topics.regex", "flush.size", "tasks.max", "timezone", "partitioner.class",
             "format.class", "s3.part.size", "topics.dir, directory.delim, file.delim", "behavior.on.null.values", "rotate.interval.ms"])
        {
            parsed.Faults.Count(f => f.StartsWith(property + ":", StringComparison.Ordinal)).ShouldBe(1, property);
        }

        parsed.Faults.Count.ShouldBe(14);
        parsed.Faults.ShouldContain("partitioner.class: 'io.confluent.connect.storage.partitioner.FieldPartitioner' is not supported. " +
            "Use io.confluent.connect.storage.partitioner.DefaultPartitioner.");
        parsed.Faults.ShouldContain("flush.size: '0' is not a whole number from 1 to 2147483647.");
    }

    [Fact]
    public void An_unknown_property_is_a_warning_that_does_not_show_its_value()
    {
        var properties = Example();
        properties["flush.sise"] = "secret";

        SinkConfig.Parse(properties).Warnings.ShouldBe(["flush.sise: unknown property, ignored."]);
    }

    [Theory]
    [InlineData(null, null, null, MalformedValues.Land)]
    [InlineData("tolerance", null, null, MalformedValues.Fail)]
    [InlineData("tolerance", "none", null, MalformedValues.Fail)]
    [InlineData("tolerance", "all", null, MalformedValues.Drop)]
    [InlineData("tolerance", "all", "dead", MalformedValues.DeadLetter)]
    [InlineData(null, "all", "dead", MalformedValues.Land)]
    public void Malformed_values_are_landed_unless_the_tolerance_is_asked_for(string? behavior, string? tolerance, string? dead, MalformedValues expected)
    {
        var properties = Example();
        if (behavior is not null) properties["behavior.on.malformed"] = behavior;
        if (tolerance is not null) properties["errors.tolerance"] = tolerance;
        if (dead is not null) properties["errors.deadletterqueue.topic.name"] = dead;
        var parsed = SinkConfig.Parse(properties);

        parsed.Config.ShouldNotBeNull().MalformedValues.ShouldBe(expected);
        parsed.Warnings.Any(w => w.StartsWith("errors.tolerance", StringComparison.Ordinal)).ShouldBe(behavior is null && tolerance is not null);
    }

    [Fact]
    public void A_dead_letter_topic_among_the_connectors_topics_is_a_fault()
    {
        var properties = Example();
        properties["errors.deadletterqueue.topic.name"] = "0a1.dead";

        SinkConfig.Parse(properties).Faults.Single().ShouldContain("also one of the connector's topics");
    }

    [Fact]
    public void Times_are_milliseconds_and_minus_one_is_never()
    {
        var properties = Example();
        properties["rotate.interval.ms"] = "1500";
        properties["idle.flush.ms"] = "-1";
        properties["rotate.schedule.interval.ms"] = "3600000";
        properties["timezone"] = "Europe/London";
        var config = SinkConfig.Parse(properties).Config.ShouldNotBeNull();

        config.RotateInterval.ShouldBe(TimeSpan.FromMilliseconds(1500));
        config.IdleFlush.ShouldBeNull();
        config.RotateScheduleInterval.ShouldBe(TimeSpan.FromHours(1));
        config.TimeZone.Id.ShouldBe("Europe/London");
    }
}
