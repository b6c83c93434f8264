// @platformatic/kafka against a broker: node platformatic.mjs BOOTSTRAP tour | produce TOPIC COUNT | consume TOPIC COUNT
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { checksum, chunks, record, tour, until } from './steps.mjs';
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';

const [bootstrap, mode, topic, count] = process.argv.slice(2);
// Retention goes by the records' own time: it has to be a young one.
const started = Date.now() - 60_000;
const client = { clientId: 'platformatic', bootstrapBrokers: [bootstrap], retries: 3 };
const topicResource = 2;
const setValue = 0;

const using = async (instance, work) => {
  try {
    return await work(instance);
  } finally {
    await (instance instanceof Admin ? instance.close() : instance.close(true));
  }
};
const withAdmin = work => using(new Admin(client), work);
const withProducer = (options, work) => using(new Producer({ ...client, serializers: stringSerializers, ...options }), work);

/** A member of a group that notes what it gets. */
const member = async (groupId, topics, options = {}) => {
  const consumer = new Consumer({ ...client, groupId, deserializers: stringDeserializers, sessionTimeout: 10000, rebalanceTimeout: 10000, heartbeatInterval: 500, maxWaitTime: 200, ...options });
  const stream = await consumer.consume({ topics, mode: 'committed', fallbackMode: 'earliest', autocommit: false });
  const state = { consumer, stream, records: [], partitions: () => (consumer.assignments ?? []).flatMap(a => a.partitions) };
  stream.on('data', message => state.records.push(message));
  // A stream whose consumer is closed by force ends with an error of its own.
  stream.on('error', fault => (state.fault = fault));
  return state;
};
const send = (producer, name, values, options = {}) => producer.send({ messages: values.map(value => ({ topic: name, value })), acks: -1, ...options });

const codecs = Object.fromEntries(['none', 'gzip', 'snappy', 'lz4', 'zstd']
  .filter(name => name !== 'zstd' || zlib.zstdCompressSync)
  .map(name => [`codec ${name}`, async () => {
    const messages = Array.from({ length: 200 }, (_, i) => ({ topic: `pf-${name}`, key: `k${i}`, value: record(i), headers: new Map([['h', `${i}`]]), timestamp: BigInt(started + i) }));
    await withAdmin(admin => admin.createTopics({ topics: [`pf-${name}`], partitions: 1, replicas: 1 }));
    await withProducer({}, producer => producer.send({ messages, compression: name, acks: -1 }));
    const { consumer, records } = await member(`pf-${name}`, [`pf-${name}`]);
    await until('all records', () => records.length === messages.length);
    await consumer.close(true);
    assert.deepEqual(
      records.map(({ key, value, headers, timestamp }) => [key, value, headers.get('h'), timestamp]),
      messages.map(({ key, value, headers, timestamp }) => [key, value, headers.get('h'), timestamp]));
  }]));

await ({
  tour: () => tour({
    ...codecs,
    'group rebalances': async () => {
      await withAdmin(admin => admin.createTopics({ topics: ['pf-group'], partitions: 4, replicas: 1 }));
      const a = await member('pf-group', ['pf-group']);
      await until('four partitions', () => a.partitions().length === 4);
      const b = await member('pf-group', ['pf-group']);
      await until('two partitions each', () => a.partitions().length === 2 && b.partitions().length === 2);
      await b.consumer.close(true);
      await until('four partitions again', () => a.partitions().length === 4);
      await a.consumer.close(true);
    },
    'group goes on where it committed': async () => {
      await withAdmin(admin => admin.createTopics({ topics: ['pf-commit'], partitions: 1, replicas: 1 }));
      await withProducer({}, producer => send(producer, 'pf-commit', ['one', 'two']));
      const first = await member('pf-commit', ['pf-commit']);
      await until('the records', () => first.records.length === 2);
      await first.records[0].commit();
      await first.consumer.close(true);
      const second = await member('pf-commit', ['pf-commit']);
      await until('a record', () => second.records.length === 1);
      await second.consumer.close(true);
      assert.equal(second.records[0].value, 'two');
    },
    'group of the consumer protocol': async () => {
      await withAdmin(admin => admin.createTopics({ topics: ['pf-848'], partitions: 4, replicas: 1 }));
      await withProducer({}, producer => producer.send({ messages: Array.from({ length: 40 }, (_, i) => ({ topic: 'pf-848', partition: i % 4, value: `${i}` })), acks: -1 }));
      const a = await member('pf-848', ['pf-848'], { groupProtocol: 'consumer' });
      await until('all records', () => a.records.length === 40);
      await a.records.at(-1).commit();
      const b = await member('pf-848', ['pf-848'], { groupProtocol: 'consumer' });
      await until('two partitions each', () => a.partitions().length === 2 && b.partitions().length === 2);
      await withAdmin(async admin => assert.equal((await admin.listGroups({ types: ['consumer'] })).get('pf-848').groupType, 'consumer'));
      await b.consumer.close(true);
      await until('four partitions again', () => a.partitions().length === 4);
      await a.consumer.close(true);
    },
    'idempotent producer': () => withProducer({ idempotent: true }, async producer => {
      await withAdmin(admin => admin.createTopics({ topics: ['pf-idempotent'], partitions: 1, replicas: 1 }));
      for (let i = 0; i < 20; i++) {
        const { offsets } = await send(producer, 'pf-idempotent', [`${i}`]);
        assert.equal(offsets[0].offset, BigInt(i));
      }
    }),
    'transactions': () => withProducer({ idempotent: true, transactionalId: 'pf-txn' }, async producer => {
      await withAdmin(admin => admin.createTopics({ topics: ['pf-txn'], partitions: 1, replicas: 1 }));
      for (const [value, end] of [['committed 1', 'commit'], ['aborted', 'abort'], ['committed 2', 'commit']]) {
        const transaction = await producer.beginTransaction();
        await transaction.send({ messages: [{ topic: 'pf-txn', value }] });
        await transaction[end]();
      }
      const { consumer, records } = await member('pf-txn', ['pf-txn']);
      await until('both committed records', () => records.length >= 2);
      await consumer.close(true);
      assert.deepEqual(records.map(r => r.value), ['committed 1', 'committed 2']);
    }),
    'admin: topics, partitions, configs': () => withAdmin(async admin => {
      const [created] = await admin.createTopics({ topics: ['pf-admin'], partitions: 2, replicas: 1, configs: [{ name: 'retention.ms', value: '9000' }] });
      assert.equal(created.partitions, 2);
      await assert.rejects(admin.createTopics({ topics: ['pf-admin'], partitions: 1, replicas: 1 }));
      await admin.createPartitions({ topics: [{ name: 'pf-admin', count: 3, assignments: null }] });
      assert.equal((await admin.metadata({ topics: ['pf-admin'], forceUpdate: true })).topics.get('pf-admin').partitions.length, 3);
      const resource = { resourceType: topicResource, resourceName: 'pf-admin' };
      await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs: [{ name: 'retention.ms', configOperation: setValue, value: '8000' }] }] });
      const described = async () => (await admin.describeConfigs({ resources: [{ ...resource, configurationKeys: ['retention.ms'] }] }))[0].configs[0].value;
      assert.equal(await described(), '8000');
      await admin.alterConfigs({ resources: [{ ...resource, configs: [{ name: 'retention.ms', value: '7000' }] }] });
      assert.equal(await described(), '7000');
      const [logDirs] = await admin.describeLogDirs({ topics: [{ name: 'pf-admin', partitions: [0] }] });
      assert.equal(logDirs.results.length, 1);
      assert.ok((await admin.listTopics()).includes('pf-admin'));
      await admin.deleteTopics({ topics: ['pf-admin'] });
      assert.ok(!(await admin.listTopics()).includes('pf-admin'));
    }),
    'admin: records, offsets, groups': () => withAdmin(async admin => {
      const name = 'pf-offsets';
      await admin.createTopics({ topics: [name], partitions: 1, replicas: 1 });
      await withProducer({}, producer => producer.send({ messages: Array.from({ length: 10 }, (_, i) => ({ topic: name, value: `${i}`, timestamp: BigInt(started + i) })), acks: -1 }));
      const [deleted] = await admin.deleteRecords({ topics: [{ name, partitions: [{ partition: 0, offset: 4n }] }] });
      assert.equal(deleted.partitions[0].lowWatermark, 4n);
      const at = async timestamp => (await admin.listOffsets({ topics: [{ name, partitions: [{ partitionIndex: 0, timestamp }] }] }))[0].partitions[0].offset;
      assert.deepEqual([await at(-2n), await at(BigInt(started + 6)), await at(-1n)], [4n, 6n, 10n]);
      await admin.alterConsumerGroupOffsets({ groupId: name, topics: [{ name, partitionOffsets: [{ partition: 0, offset: 7n }] }] });
      const [listed] = await admin.listConsumerGroupOffsets({ groups: [name] });
      assert.equal(listed.topics[0].partitions[0].committedOffset, 7n);
      const { consumer, records } = await member(name, [name]);
      await until('the records from the offset on', () => records.length === 3);
      const group = (await admin.describeGroups({ groups: [name] })).get(name);
      assert.deepEqual([group.state, group.members.size], ['Stable', 1]);
      await assert.rejects(admin.deleteGroups({ groups: [name] }));
      await consumer.close(true);
      assert.ok((await admin.listGroups()).has(name));
      await admin.deleteConsumerGroupOffsets({ groupId: name, topics: [{ name, partitionIndexes: [0] }] });
      await admin.deleteGroups({ groups: [name] });
      assert.ok(!(await admin.listGroups()).has(name));
    }),
  }),
  produce: () => withProducer({ idempotent: true }, async producer => {
    const sum = checksum();
    for (const numbers of chunks(Number(count), 5000)) {
      await send(producer, topic, numbers.map(record));
      numbers.forEach(i => sum.add(record(i)));
    }
    sum.print();
  }),
  consume: async () => {
    const sum = checksum();
    const consumer = new Consumer({ ...client, groupId: 'pf-bulk' });
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
    for await (const { value } of stream) if (sum.add(value) === Number(count)) break;
    await consumer.close(true);
    sum.print();
  },
})[mode]();
