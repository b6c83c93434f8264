"""confluent-kafka against a broker: confluent.py BOOTSTRAP tour | produce TOPIC COUNT | consume TOPIC COUNT"""
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

import steps

PATIENCE = 30


def tour(bootstrap):
    admin = AdminClient({"bootstrap.servers": bootstrap})

    def done(futures):
        for future in futures.values():
            future.result(PATIENCE)
        return futures

    def create(topic, partitions=1, **options):
        done(admin.create_topics([NewTopic(topic, partitions, 1, **options)]))

    def failed(error, _):
        if error is not None:
            raise KafkaException(error)

    def send(topic, values, **options):
        producer = Producer({"bootstrap.servers": bootstrap, **options})
        for i, value in enumerate(values):
            producer.produce(topic, value, b"k%d" % i, on_delivery=failed, timestamp=steps.STARTED + i, headers={"h": b"%d" % i})
        assert producer.flush(PATIENCE) == 0

    def member(group, topic, **options):
        consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
            "session.timeout.ms": 10_000, "heartbeat.interval.ms": 500, **options})
        consumer.subscribe([topic])
        return consumer

    def read(consumer, count):
        records = []

        def poll():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                records.append(message)
            return len(records) >= count

        steps.until(f"{count} records", poll)
        return records

    def codec(name):
        topic = f"ck-{name}"
        create(topic)
        values = [steps.record(i) for i in range(200)]
        send(topic, values, **{"compression.type": name})
        consumer = member(topic, topic)
        records = read(consumer, len(values))
        consumer.close()
        assert [(r.key(), r.value(), r.headers(), r.timestamp()[1]) for r in records] == [
            (b"k%d" % i, value, [("h", b"%d" % i)], steps.STARTED + i) for i, value in enumerate(values)]

    def group_rebalances():
        create("ck-group", 4)
        consumers = [member("ck-group", "ck-group")]

        def shares(*counts):
            def poll():
                for consumer in consumers:
                    consumer.poll(0.05)
                return tuple(len(consumer.assignment()) for consumer in consumers) == counts
            return poll

        steps.until("four partitions", shares(4))
        consumers.append(member("ck-group", "ck-group"))
        steps.until("two partitions each", shares(2, 2))
        consumers.pop().close()
        steps.until("four partitions again", shares(4))
        consumers.pop().close()

    def group_goes_on():
        create("ck-commit")
        send("ck-commit", [b"one", b"two"])
        first = member("ck-commit", "ck-commit")
        read(first, 2)
        first.commit(offsets=[TopicPartition("ck-commit", 0, 1)], asynchronous=False)
        first.close()
        second = member("ck-commit", "ck-commit")
        assert [r.value() for r in read(second, 1)] == [b"two"]
        assert second.committed([TopicPartition("ck-commit", 0)], PATIENCE)[0].offset == 1
        second.close()

    def idempotent():
        create("ck-idempotent")
        send("ck-idempotent", [b"%d" % i for i in range(1000)], **{"enable.idempotence": True})
        consumer = member("ck-idempotent", "ck-idempotent")
        assert [r.value() for r in read(consumer, 1000)] == [b"%d" % i for i in range(1000)]
        consumer.close()

    def transactions():
        create("ck-txn")
        producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "ck-txn"})
        producer.init_transactions(PATIENCE)
        reader = member("ck-txn-offsets", "ck-txn")
        for value, end in ((b"committed 1", "commit"), (b"aborted", "abort"), (b"committed 2", "commit")):
            producer.begin_transaction()
            producer.produce("ck-txn", value)
            if end == "commit":
                producer.send_offsets_to_transaction([TopicPartition("ck-txn", 0, 1)], reader.consumer_group_metadata(), PATIENCE)
                producer.commit_transaction(PATIENCE)
            else:
                producer.flush(PATIENCE)
                producer.abort_transaction(PATIENCE)
        assert reader.committed([TopicPartition("ck-txn", 0)], PATIENCE)[0].offset == 1
        reader.close()
        for isolation, expected in (("read_committed", [b"committed 1", b"committed 2"]), ("read_uncommitted", [b"committed 1", b"aborted", b"committed 2"])):
            consumer = member(f"ck-{isolation}", "ck-txn", **{"isolation.level": isolation})
            assert [r.value() for r in read(consumer, len(expected))] == expected
            consumer.close()

    def admin_topics():
        create("ck-admin", 2, config={"retention.ms": "9000"})
        try:
            create("ck-admin")
            raise AssertionError("a topic was created twice")
        except KafkaException as fault:
            assert fault.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
        done(admin.create_partitions([NewPartitions("ck-admin", 3)]))
        assert len(admin.list_topics("ck-admin", PATIENCE).topics["ck-admin"].partitions) == 3
        resource = ConfigResource(ConfigResource.Type.TOPIC, "ck-admin", {"retention.ms": "8000"})
        done(admin.alter_configs([resource]))
        (future,) = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, "ck-admin")]).values()
        assert future.result(PATIENCE)["retention.ms"].value == "8000"
        done(admin.delete_topics(["ck-admin"]))
        assert "ck-admin" not in admin.list_topics(timeout=PATIENCE).topics

    def admin_offsets():
        create("ck-offsets")
        send("ck-offsets", [b"%d" % i for i in range(10)])
        partition = TopicPartition("ck-offsets", 0)
        consumer = member("ck-offsets", "ck-offsets")
        assert consumer.get_watermark_offsets(partition, PATIENCE) == (0, 10)
        assert consumer.offsets_for_times([TopicPartition("ck-offsets", 0, steps.STARTED + 6)], PATIENCE)[0].offset == 6
        read(consumer, 10)
        consumer.commit(asynchronous=False)
        (group,) = admin.list_groups("ck-offsets", PATIENCE)
        assert (group.state, len(group.members)) == ("Stable", 1)
        consumer.close()

    steps.tour({
        **{f"codec {name}": lambda name=name: codec(name) for name in ("none", "gzip", "snappy", "lz4", "zstd")},
        "group rebalances": group_rebalances,
        "group goes on where it committed": group_goes_on,
        "idempotent producer": idempotent,
        "transactions": transactions,
        "admin: topics, partitions, configs": admin_topics,
        "admin: records, offsets, groups": admin_offsets,
    })


def produce(bootstrap, topic, count):
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 20})
    checksum = steps.Checksum()
    for i in range(int(count)):
        while True:
            try:
                producer.produce(topic, steps.record(i))
                break
            except BufferError:
                producer.poll(0.1)
        checksum.add(steps.record(i))
    assert producer.flush(300) == 0
    checksum.print()


def consume(bootstrap, topic, count):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "ck-bulk", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    checksum = steps.Checksum()
    while checksum.count < int(count):
        for message in consumer.consume(5000, 1):
            if message.error() is not None:
                raise KafkaException(message.error())
            checksum.add(message.value())
    consumer.close()
    checksum.print()


steps.main({"tour": tour, "produce": produce, "consume": consume})
