// kafkajs against a broker: node kafkajs.mjs BOOTSTRAP tour | produce TOPIC COUNT | consume TOPIC COUNT
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { lz4Compress, lz4Decompress, snappyCompress, snappyDecompress } from '@platformatic/wasm-utils';
import { checksum, chunks, record, tour, until } from './steps.mjs';

const { Kafka, CompressionTypes, CompressionCodecs, ConfigResourceTypes, logLevel } = kafkajs;
const [bootstrap, mode, topic, count] = process.argv.slice(2);
// Retention goes by the records' own time: it has to be a young one.
const started = Date.now() - 60_000;
const kafka = new Kafka({ clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.NOTHING });

// kafkajs has gzip and leaves the others to its users.
const codec = (compress, decompress) => () => ({ compress: async encoder => compress(encoder.buffer), decompress: async buffer => decompress(buffer) });
CompressionCodecs[CompressionTypes.Snappy] = codec(snappyCompress, snappyDecompress);
CompressionCodecs[CompressionTypes.LZ4] = codec(lz4Compress, lz4Decompress);
if (zlib.zstdCompressSync) CompressionCodecs[CompressionTypes.ZSTD] = codec(zlib.zstdCompressSync, zlib.zstdDecompressSync);

const withAdmin = async work => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

const withProducer = async (options, work) => {
  const producer = kafka.producer(options);
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
};

/** A member of a group that notes what it gets. */
const member = async (groupId, topics, options = {}) => {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10000, heartbeatInterval: 500, ...options });
  const state = { consumer, records: [], partitions: [] };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => (state.partitions = Object.values(payload.memberAssignment).flat()));
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ partition, message }) => state.records.push({ partition, ...message }) });
  return state;
};

const codecs = Object.fromEntries(
  Object.entries({ none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4, zstd: CompressionTypes.ZSTD })
    .filter(([name]) => name !== 'zstd' || zlib.zstdCompressSync)
    .map(([name, compression]) => [`codec ${name}`, async () => {
      const messages = Array.from({ length: 200 }, (_, i) => ({ key: `k${i}`, value: record(i), headers: { h: `${i}` }, timestamp: `${started + i}` }));
      await withAdmin(admin => admin.createTopics({ topics: [{ topic: `js-${name}` }] }));
      await withProducer({}, producer => producer.send({ topic: `js-${name}`, compression, messages }));
      const { consumer, records } = await member(`js-${name}`, [`js-${name}`]);
      await until('all records', () => records.length === messages.length);
      await consumer.disconnect();
      assert.deepEqual(records.map(r => ({ key: `${r.key}`, value: `${r.value}`, headers: { h: `${r.headers.h}` }, timestamp: r.timestamp })), messages);
    }]));

await ({
  tour: () => tour({
    ...codecs,
    'group rebalances': async () => {
      await withAdmin(admin => admin.createTopics({ topics: [{ topic: 'js-group', numPartitions: 4 }] }));
      const a = await member('js-group', ['js-group']);
      await until('four partitions', () => a.partitions.length === 4);
      const b = await member('js-group', ['js-group']);
      await until('two partitions each', () => a.partitions.length === 2 && b.partitions.length === 2);
      await b.consumer.disconnect();
      await until('four partitions again', () => a.partitions.length === 4);
      await a.consumer.disconnect();
    },
    'group goes on where it committed': async () => {
      await withAdmin(admin => admin.createTopics({ topics: [{ topic: 'js-commit' }] }));
      const send = value => withProducer({}, producer => producer.send({ topic: 'js-commit', messages: [{ value }] }));
      await send('one');
      const first = await member('js-commit', ['js-commit']);
      await until('a record', () => first.records.length === 1);
      await first.consumer.disconnect();
      await send('two');
      const second = await member('js-commit', ['js-commit']);
      await until('a record', () => second.records.length === 1);
      await second.consumer.disconnect();
      assert.equal(`${second.records[0].value}`, 'two');
    },
    'idempotent producer': () => withProducer({ idempotent: true, maxInFlightRequests: 1 }, async producer => {
      await withAdmin(admin => admin.createTopics({ topics: [{ topic: 'js-idempotent' }] }));
      for (let i = 0; i < 20; i++) {
        const [{ baseOffset }] = await producer.send({ topic: 'js-idempotent', acks: -1, messages: [{ value: `${i}` }] });
        assert.equal(baseOffset, `${i}`);
      }
    }),
    'transactions': () => withProducer({ transactionalId: 'js-txn', idempotent: true, maxInFlightRequests: 1 }, async producer => {
      await withAdmin(admin => admin.createTopics({ topics: [{ topic: 'js-txn' }] }));
      for (const [value, end] of [['committed 1', 'commit'], ['aborted', 'abort'], ['committed 2', 'commit']]) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: 'js-txn', messages: [{ value }] });
        if (end === 'commit') await transaction.sendOffsets({ consumerGroupId: 'js-txn-offsets', topics: [{ topic: 'js-txn', partitions: [{ partition: 0, offset: '1' }] }] });
        await transaction[end]();
      }
      const { consumer, records } = await member('js-txn', ['js-txn']);
      await until('both committed records', () => records.length >= 2);
      await consumer.disconnect();
      assert.deepEqual(records.map(r => `${r.value}`), ['committed 1', 'committed 2']);
      const [offsets] = await withAdmin(admin => admin.fetchOffsets({ groupId: 'js-txn-offsets', topics: ['js-txn'] }));
      assert.equal(offsets.partitions[0].offset, '1');
    }),
    'admin: topics, partitions, configs': () => withAdmin(async admin => {
      assert.equal(await admin.createTopics({ topics: [{ topic: 'js-admin', numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '9000' }] }] }), true);
      assert.equal(await admin.createTopics({ topics: [{ topic: 'js-admin' }] }), false);
      await admin.createPartitions({ topicPartitions: [{ topic: 'js-admin', count: 3 }] });
      const { topics } = await admin.fetchTopicMetadata({ topics: ['js-admin'] });
      assert.equal(topics[0].partitions.length, 3);
      const resource = { type: ConfigResourceTypes.TOPIC, name: 'js-admin' };
      await admin.alterConfigs({ resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: '8000' }] }] });
      const described = await admin.describeConfigs({ resources: [{ ...resource, configNames: ['retention.ms'] }] });
      assert.equal(described.resources[0].configEntries[0].configValue, '8000');
      assert.equal((await admin.describeCluster()).brokers.length, 1);
      assert.ok((await admin.listTopics()).includes('js-admin'));
      await admin.deleteTopics({ topics: ['js-admin'] });
      assert.ok(!(await admin.listTopics()).includes('js-admin'));
    }),
    'admin: records, offsets, groups': () => withAdmin(async admin => {
      const name = 'js-offsets';
      await admin.createTopics({ topics: [{ topic: name }] });
      const messages = Array.from({ length: 10 }, (_, i) => ({ value: `${i}`, timestamp: `${started + i}` }));
      await withProducer({}, producer => producer.send({ topic: name, messages }));
      const ends = async () => (await admin.fetchTopicOffsets(name)).map(({ low, high }) => [low, high])[0];
      assert.deepEqual(await ends(), ['0', '10']);
      await admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '4' }] });
      assert.deepEqual(await ends(), ['4', '10']);
      assert.equal((await admin.fetchTopicOffsetsByTimestamp(name, started + 6))[0].offset, '6');
      await admin.setOffsets({ groupId: 'js-offsets', topic: name, partitions: [{ partition: 0, offset: '7' }] });
      assert.equal((await admin.fetchOffsets({ groupId: 'js-offsets', topics: [name] }))[0].partitions[0].offset, '7');
      const { consumer, records } = await member('js-offsets', [name]);
      await until('the records from the offset on', () => records.length === 3);
      assert.equal((await admin.describeGroups(['js-offsets'])).groups[0].state, 'Stable');
      await assert.rejects(admin.deleteGroups(['js-offsets']));
      await consumer.disconnect();
      assert.ok((await admin.listGroups()).groups.some(g => g.groupId === 'js-offsets'));
      await admin.deleteGroups(['js-offsets']);
      assert.ok(!(await admin.listGroups()).groups.some(g => g.groupId === 'js-offsets'));
    }),
  }),
  produce: () => withProducer({ idempotent: true, maxInFlightRequests: 1 }, async producer => {
    const sum = checksum();
    for (const numbers of chunks(Number(count), 5000)) {
      await producer.send({ topic, acks: -1, messages: numbers.map(i => ({ value: record(i) })) });
      numbers.forEach(i => sum.add(record(i)));
    }
    sum.print();
  }),
  consume: async () => {
    const sum = checksum();
    const consumer = kafka.consumer({ groupId: 'js-bulk', sessionTimeout: 30000 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer.run({
        eachBatch: async ({ batch, heartbeat }) => {
          for (const message of batch.messages) if (sum.add(message.value) === Number(count)) resolve();
          await heartbeat();
        },
      }).catch(reject);
    });
    await consumer.disconnect();
    sum.print();
  },
})[mode]();
