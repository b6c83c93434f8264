"""kafka-python against a broker: kafka_python.py BOOTSTRAP tour | produce TOPIC COUNT | consume TOPIC COUNT"""
import threading

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.codec import has_lz4, has_snappy, has_zstd
from kafka.errors import TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

import steps


class Member:
    """Polls on a thread of its own: a poll of this client returns only when the others have joined again too."""

    def __init__(self, consumer):
        self._consumer = consumer
        self._leaving = threading.Event()
        self._share = 0
        self._polling = threading.Thread(target=self._poll, daemon=True)
        self._polling.start()

    def share(self):
        return self._share

    def leave(self):
        self._leaving.set()
        self._polling.join()

    def _poll(self):
        while not self._leaving.is_set():
            self._consumer.poll(timeout_ms=50)
            self._share = len(self._consumer.assignment())
        self._consumer.close()


def tour(bootstrap):
    def admin():
        return KafkaAdminClient(bootstrap_servers=bootstrap)

    def create(topic, partitions=1):
        admin().create_topics([NewTopic(topic, partitions, 1)])

    def send(topic, values, **options):
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", **options)
        for i, value in enumerate(values):
            last = producer.send(topic, value, key=b"k%d" % i, headers=[("h", b"%d" % i)], timestamp_ms=steps.STARTED + i)
        assert last.get(30).offset == len(values) - 1
        producer.close()

    def member(group, topic):
        consumer = KafkaConsumer(
            topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
            session_timeout_ms=10_000, heartbeat_interval_ms=500)
        return consumer

    def read(consumer, count):
        records = []

        def poll():
            for batch in consumer.poll(timeout_ms=50).values():
                records.extend(batch)
            return len(records) >= count

        steps.until(f"{count} records", poll)
        return records

    def codec(name):
        topic = f"kp-{name}"
        create(topic)
        values = [steps.record(i) for i in range(200)]
        send(topic, values, compression_type=None if name == "none" else name)
        if name == "zstd":
            # This client fetches in versions below 10, in which no broker sends zstd.
            return
        consumer = member(topic, topic)
        records = read(consumer, len(values))
        consumer.close()
        assert [(r.key, r.value, r.headers, r.timestamp) for r in records] == [
            (b"k%d" % i, value, [("h", b"%d" % i)], steps.STARTED + i) for i, value in enumerate(values)]

    def group_rebalances():
        create("kp-group", 4)
        a = Member(member("kp-group", "kp-group"))
        steps.until("four partitions", lambda: a.share() == 4)
        b = Member(member("kp-group", "kp-group"))
        steps.until("two partitions each", lambda: (a.share(), b.share()) == (2, 2))
        b.leave()
        steps.until("four partitions again", lambda: a.share() == 4)
        a.leave()

    def group_goes_on():
        create("kp-commit")
        send("kp-commit", [b"one", b"two"])
        first = member("kp-commit", "kp-commit")
        read(first, 2)
        first.commit({TopicPartition("kp-commit", 0): OffsetAndMetadata(1, "note")})
        first.close()
        second = member("kp-commit", "kp-commit")
        assert [r.value for r in read(second, 1)] == [b"two"]
        assert second.committed(TopicPartition("kp-commit", 0)) == 1
        second.close()

    def admin_topics():
        client = admin()
        client.create_topics([NewTopic("kp-admin", 2, 1, topic_configs={"retention.ms": "9000"})])
        try:
            client.create_topics([NewTopic("kp-admin", 1, 1)])
            raise AssertionError("a topic was created twice")
        except TopicAlreadyExistsError:
            pass
        client.create_partitions({"kp-admin": NewPartitions(3)})
        assert len(client.describe_topics(["kp-admin"])[0]["partitions"]) == 3
        resource = ConfigResource(ConfigResourceType.TOPIC, "kp-admin", {"retention.ms": "8000"})
        client.alter_configs([resource])
        described = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "kp-admin")])[0].resources[0][4]
        assert {entry[0]: entry[1] for entry in described}["retention.ms"] == "8000"
        assert len(client.describe_cluster()["brokers"]) == 1
        assert "kp-admin" in client.list_topics()
        client.delete_topics(["kp-admin"])
        assert "kp-admin" not in client.list_topics()

    def admin_offsets():
        create("kp-offsets")
        send("kp-offsets", [b"%d" % i for i in range(10)])
        partition = TopicPartition("kp-offsets", 0)
        consumer = member("kp-offsets", "kp-offsets")
        assert consumer.beginning_offsets([partition]) == {partition: 0}
        assert consumer.end_offsets([partition]) == {partition: 10}
        assert consumer.offsets_for_times({partition: steps.STARTED + 6})[partition].offset == 6
        read(consumer, 10)
        consumer.commit()
        client = admin()
        described = client.describe_consumer_groups(["kp-offsets"])[0]
        assert (described.state, len(described.members)) == ("Stable", 1)
        consumer.close()
        assert client.list_consumer_group_offsets("kp-offsets")[partition].offset == 10
        assert ("kp-offsets", "consumer") in client.list_consumer_groups()
        client.delete_consumer_groups(["kp-offsets"])
        assert ("kp-offsets", "consumer") not in client.list_consumer_groups()

    has = {"none": True, "gzip": True, "snappy": has_snappy(), "lz4": has_lz4(), "zstd": has_zstd()}
    codecs = {f"codec {name}": lambda name=name: codec(name) for name, there in has.items() if there}
    steps.tour({
        **codecs,
        "group rebalances": group_rebalances,
        "group goes on where it committed": group_goes_on,
        "admin: topics, partitions, configs": admin_topics,
        "admin: records, offsets, groups": admin_offsets,
    })


def produce(bootstrap, topic, count):
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=20, batch_size=500_000, max_in_flight_requests_per_connection=1)
    checksum = steps.Checksum()
    for i in range(int(count)):
        producer.send(topic, steps.record(i))
        checksum.add(steps.record(i))
    producer.flush()
    producer.close()
    checksum.print()


def consume(bootstrap, topic, count):
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id="kp-bulk", auto_offset_reset="earliest", enable_auto_commit=False)
    checksum = steps.Checksum()
    while checksum.count < int(count):
        for batch in consumer.poll(timeout_ms=1000, max_records=5000).values():
            for message in batch:
                checksum.add(message.value)
    consumer.close()
    checksum.print()


steps.main({"tour": tour, "produce": produce, "consume": consume})
