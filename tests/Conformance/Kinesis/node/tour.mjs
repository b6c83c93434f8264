// Does every action of the Kinesis API once or more, with the AWS SDK: node tour.mjs ENDPOINT [common]
// One JSON line per step: {"step", "ok", "error"}. The client speaks HTTP/2. With "common" only what kinesalite has as well is done,
// in HTTP/1.1, which is all that kinesalite speaks.
import assert from 'node:assert/strict';
import * as sdk from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const [endpoint, subset] = process.argv.slice(2);
const client = new sdk.KinesisClient({
  endpoint,
  region: 'us-east-1',
  maxAttempts: 1,
  ...(subset === 'common' && { requestHandler: new NodeHttpHandler() }),
  credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'AKIDTOUR', secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'secret' },
});
const stream = 'tour';
const state = {};
const steps = [];
const step = (name, run, common = false) => steps.push({ name, run, common });
const common = (name, run) => step(name, run, true);
const call = (action, input) => client.send(new sdk[`${action}Command`](input));
const fails = async (action, input, error) => {
  const fault = await call(action, input).then(() => assert.fail(`${action} succeeded`), reason => reason);
  assert.equal(fault.name, error, fault.message);
  assert.equal(fault.$metadata.httpStatusCode, 400);
};
const active = async () => {
  for (;;) {
    const { StreamDescription: description } = await call('DescribeStream', { StreamName: stream });
    if (description.StreamStatus === 'ACTIVE') return description;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
};
const iterator = async input => (await call('GetShardIterator', { StreamName: stream, ...input })).ShardIterator;
const drain = async (at, count) => {
  const records = [];
  for (let turn = 0; at && records.length < count && turn < 200; turn++) {
    const page = await call('GetRecords', { ShardIterator: at });
    records.push(...page.Records);
    at = page.NextShardIterator;
  }
  return records;
};
const text = record => Buffer.from(record.Data).toString();

common('CreateStream', async () => {
  await call('CreateStream', { StreamName: stream, ShardCount: 2 });
  await active();
});
common('CreateStream twice', () => fails('CreateStream', { StreamName: stream, ShardCount: 2 }, 'ResourceInUseException'));
common('CreateStream with a bad name', () => fails('CreateStream', { StreamName: 'a/b', ShardCount: 1 }, 'ValidationException'));
common('DescribeStream', async () => {
  const description = await active();
  state.arn = description.StreamARN;
  state.shards = description.Shards.map(shard => shard.ShardId);
  assert.deepEqual(state.shards, ['shardId-000000000000', 'shardId-000000000001']);
  assert.equal(description.RetentionPeriodHours, 24);
  assert.equal(description.HasMoreShards, false);
  assert.equal(description.Shards[0].HashKeyRange.StartingHashKey, '0');
  assert.equal(description.Shards[1].HashKeyRange.EndingHashKey, '340282366920938463463374607431768211455');
  assert.match(description.Shards[0].SequenceNumberRange.StartingSequenceNumber, /^\d{56}$/);
});
common('DescribeStream of no stream', () => fails('DescribeStream', { StreamName: 'none' }, 'ResourceNotFoundException'));
common('DescribeStreamSummary', async () => {
  const { StreamDescriptionSummary: summary } = await call('DescribeStreamSummary', { StreamName: stream });
  assert.equal(summary.OpenShardCount, 2);
  assert.ok(Math.abs(Date.now() - summary.StreamCreationTimestamp) < 3600_000);
});
common('ListStreams', async () => assert.deepEqual((await call('ListStreams', {})).StreamNames, [stream]));
common('ListShards', async () => assert.equal((await call('ListShards', { StreamName: stream })).Shards.length, 2));
common('PutRecord', async () => {
  const put = await call('PutRecord', { StreamName: stream, PartitionKey: 'k', Data: Buffer.from('one') });
  const again = await call('PutRecord', {
    StreamName: stream, PartitionKey: 'k', Data: Buffer.from('two'), SequenceNumberForOrdering: put.SequenceNumber });
  assert.match(put.SequenceNumber, /^\d{56}$/);
  assert.equal(put.ShardId, again.ShardId);
  assert.ok(BigInt(again.SequenceNumber) > BigInt(put.SequenceNumber));
  Object.assign(state, { shard: put.ShardId, first: put.SequenceNumber, second: again.SequenceNumber });
});
common('PutRecord with an explicit hash key', async () => {
  const put = await call('PutRecord', { StreamName: stream, PartitionKey: 'k', ExplicitHashKey: '0', Data: Buffer.from('') });
  assert.equal(put.ShardId, 'shardId-000000000000');
});
common('PutRecords', async () => {
  const Records = Array.from({ length: 20 }, (_, i) => ({ PartitionKey: `key-${i}`, Data: Buffer.from(`many ${i}`) }));
  const put = await call('PutRecords', { StreamName: stream, Records });
  assert.equal(put.FailedRecordCount, 0);
  assert.equal(put.Records.length, 20);
});
common('GetShardIterator and GetRecords', async () => {
  const at = await iterator({ ShardId: state.shard, ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: state.first });
  const [first] = await drain(at, 1);
  assert.equal(text(first), 'one');
  assert.equal(first.PartitionKey, 'k');
  assert.ok(Math.abs(Date.now() - first.ApproximateArrivalTimestamp) < 60_000);
  const after = await iterator({ ShardId: state.shard, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: state.first });
  assert.equal(text((await drain(after, 1))[0]), 'two');
  let all = 0;
  for (const ShardId of state.shards) {
    const page = await call('GetRecords', { ShardIterator: await iterator({ ShardId, ShardIteratorType: 'TRIM_HORIZON' }) });
    all += page.Records.length;
    assert.equal(page.MillisBehindLatest, 0);
  }
  assert.equal(all, 23);
  const latest = await call('GetRecords', { ShardIterator: await iterator({ ShardId: state.shard, ShardIteratorType: 'LATEST' }) });
  assert.equal(latest.Records.length, 0);
  assert.ok(latest.NextShardIterator);
  const timed = await iterator({ ShardId: state.shard, ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(Date.now() - 60_000) });
  assert.equal(text((await drain(timed, 1))[0]), text(first));
});
common('GetShardIterator of no shard', () =>
  fails('GetShardIterator', { StreamName: stream, ShardId: 'shardId-000000000009', ShardIteratorType: 'LATEST' }, 'ResourceNotFoundException'));
common('AddTagsToStream', () => call('AddTagsToStream', { StreamName: stream, Tags: { team: 'data', stage: 'dev' } }));
common('ListTagsForStream', async () => {
  const page = await call('ListTagsForStream', { StreamName: stream, Limit: 1 });
  assert.deepEqual(page.Tags, [{ Key: 'stage', Value: 'dev' }]);
  assert.equal(page.HasMoreTags, true);
  const rest = await call('ListTagsForStream', { StreamName: stream, ExclusiveStartTagKey: 'stage' });
  assert.deepEqual(rest.Tags, [{ Key: 'team', Value: 'data' }]);
});
common('RemoveTagsFromStream', async () => {
  await call('RemoveTagsFromStream', { StreamName: stream, TagKeys: ['team'] });
  assert.equal((await call('ListTagsForStream', { StreamName: stream })).Tags.length, 1);
});
common('IncreaseStreamRetentionPeriod', async () => {
  await call('IncreaseStreamRetentionPeriod', { StreamName: stream, RetentionPeriodHours: 48 });
  assert.equal((await active()).RetentionPeriodHours, 48);
});
common('DecreaseStreamRetentionPeriod', async () => {
  await call('DecreaseStreamRetentionPeriod', { StreamName: stream, RetentionPeriodHours: 24 });
  assert.equal((await active()).RetentionPeriodHours, 24);
});
common('SplitShard', async () => {
  await call('SplitShard', {
    StreamName: stream, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '85070591730234615865843651857942052864' });
  const { Shards: shards } = await active();
  const children = shards.filter(shard => shard.ParentShardId === 'shardId-000000000000');
  assert.equal(children.length, 2);
  state.children = children.map(child => child.ShardId);
});
common('GetRecords at the end of a closed shard', async () => {
  let at = await iterator({ ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' });
  let page;
  for (let turn = 0; at && turn < 50; turn++) {
    page = await call('GetRecords', { ShardIterator: at });
    at = page.NextShardIterator;
  }
  assert.ok(!at);
});
step('ChildShards of a closed shard', async () => {
  const at = await iterator({ ShardId: 'shardId-000000000000', ShardIteratorType: 'LATEST' });
  const page = await call('GetRecords', { ShardIterator: at });
  assert.deepEqual(page.ChildShards.map(child => child.ShardId).sort(), state.children.sort());
});
common('MergeShards', async () => {
  await call('MergeShards', { StreamName: stream, ShardToMerge: state.children[0], AdjacentShardToMerge: state.children[1] });
  const { Shards: shards } = await active();
  assert.equal(shards.filter(shard => shard.AdjacentParentShardId).length, 1);
});
step('ListShards with a filter', async () => {
  const page = await call('ListShards', { StreamName: stream, ShardFilter: { Type: 'AT_LATEST' } });
  assert.equal(page.Shards.length, 2);
});
step('UpdateShardCount', async () => {
  const update = await call('UpdateShardCount', { StreamName: stream, TargetShardCount: 4, ScalingType: 'UNIFORM_SCALING' });
  assert.equal(update.TargetShardCount, 4);
  await active();
  assert.equal((await call('DescribeStreamSummary', { StreamName: stream })).StreamDescriptionSummary.OpenShardCount, 4);
});
step('StartStreamEncryption', async () => {
  await call('StartStreamEncryption', { StreamName: stream, EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' });
  assert.equal((await active()).EncryptionType, 'KMS');
});
step('StopStreamEncryption', async () => {
  await call('StopStreamEncryption', { StreamName: stream, EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' });
  assert.equal((await active()).EncryptionType, 'NONE');
});
step('EnableEnhancedMonitoring', async () => {
  const change = await call('EnableEnhancedMonitoring', { StreamName: stream, ShardLevelMetrics: ['ALL'] });
  assert.equal(change.DesiredShardLevelMetrics.length, 7);
});
step('DisableEnhancedMonitoring', async () => {
  await active();
  const change = await call('DisableEnhancedMonitoring', { StreamARN: state.arn, ShardLevelMetrics: ['IncomingBytes'] });
  assert.equal(change.CurrentShardLevelMetrics.length, 7);
  assert.equal(change.DesiredShardLevelMetrics.length, 6);
});
step('DescribeLimits', async () => {
  await active();
  const limits = await call('DescribeLimits', {});
  assert.equal(limits.OpenShardCount, 4);
  assert.equal(limits.OnDemandStreamCountLimit, 50);
});
step('RegisterStreamConsumer', async () => {
  const { Consumer: consumer } = await call('RegisterStreamConsumer', { StreamARN: state.arn, ConsumerName: 'reader', Tags: { a: 'b' } });
  state.consumer = consumer.ConsumerARN;
  assert.match(state.consumer, /:stream\/tour\/consumer\/reader:\d+$/);
  await fails('RegisterStreamConsumer', { StreamARN: state.arn, ConsumerName: 'reader' }, 'ResourceInUseException');
});
step('DescribeStreamConsumer', async () => {
  for (;;) {
    const { ConsumerDescription: consumer } = await call('DescribeStreamConsumer', { ConsumerARN: state.consumer });
    assert.equal(consumer.StreamARN, state.arn);
    if (consumer.ConsumerStatus === 'ACTIVE') break;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
});
step('ListStreamConsumers', async () => {
  const list = await call('ListStreamConsumers', { StreamARN: state.arn });
  assert.deepEqual(list.Consumers.map(consumer => consumer.ConsumerName), ['reader']);
});
step('SubscribeToShard', async () => {
  const { StreamDescription: description } = await call('DescribeStream', { StreamName: stream });
  const closed = new Set(description.Shards.filter(shard => shard.SequenceNumberRange.EndingSequenceNumber).map(shard => shard.ShardId));
  const open = description.Shards.find(shard => !closed.has(shard.ShardId));
  const subscription = await call('SubscribeToShard', {
    ConsumerARN: state.consumer, ShardId: open.ShardId, StartingPosition: { Type: 'LATEST' } });
  const put = call('PutRecord', {
    StreamName: stream, PartitionKey: 'p', ExplicitHashKey: open.HashKeyRange.StartingHashKey, Data: Buffer.from('pushed') });
  let received;
  for await (const event of subscription.EventStream) {
    assert.ok(event.SubscribeToShardEvent, JSON.stringify(event));
    if (event.SubscribeToShardEvent.Records.length === 0) continue;
    received = event.SubscribeToShardEvent;
    break;
  }
  const { SequenceNumber: number } = await put;
  assert.equal(text(received.Records[0]), 'pushed');
  assert.equal(received.Records[0].SequenceNumber, number);
  assert.match(received.ContinuationSequenceNumber, /^\d{56}$/);
  assert.equal(received.MillisBehindLatest, 0);
});
step('DeregisterStreamConsumer', async () => {
  await call('DeregisterStreamConsumer', { StreamARN: state.arn, ConsumerName: 'reader' });
  for (let turn = 0; (await call('ListStreamConsumers', { StreamARN: state.arn })).Consumers.length > 0 && turn < 100; turn++)
    await new Promise(resolve => setTimeout(resolve, 50));
  await fails('DescribeStreamConsumer', { ConsumerARN: state.consumer }, 'ResourceNotFoundException');
});
step('TagResource', () => call('TagResource', { ResourceARN: state.arn, Tags: { owner: 'tour' } }));
step('ListTagsForResource', async () => {
  const { Tags: tags } = await call('ListTagsForResource', { ResourceARN: state.arn });
  assert.deepEqual(tags.map(tag => tag.Key).sort(), ['owner', 'stage']);
});
step('UntagResource', async () => {
  await call('UntagResource', { ResourceARN: state.arn, TagKeys: ['owner', 'stage'] });
  assert.equal((await call('ListTagsForResource', { ResourceARN: state.arn })).Tags.length, 0);
});
const policy = () => JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kinesis:PutRecord', Resource: state.arn }],
});
step('PutResourcePolicy', async () => {
  await call('PutResourcePolicy', { ResourceARN: state.arn, Policy: policy() });
  await fails('PutResourcePolicy', { ResourceARN: state.arn, Policy: '{"a"' }, 'InvalidArgumentException');
});
step('GetResourcePolicy', async () => assert.equal((await call('GetResourcePolicy', { ResourceARN: state.arn })).Policy, policy()));
step('DeleteResourcePolicy', async () => {
  await call('DeleteResourcePolicy', { ResourceARN: state.arn });
  await fails('DeleteResourcePolicy', { ResourceARN: state.arn }, 'ResourceNotFoundException');
});
step('UpdateStreamMode', async () => {
  await call('UpdateStreamMode', { StreamARN: state.arn, StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
  assert.equal((await active()).StreamModeDetails.StreamMode, 'ON_DEMAND');
});
step('UpdateStreamWarmThroughput', async () => {
  const update = await call('UpdateStreamWarmThroughput', { StreamARN: state.arn, WarmThroughputMiBps: 10 });
  assert.equal(update.WarmThroughput.TargetMiBps, 10);
  await active();
});
step('UpdateMaxRecordSize', async () => {
  await call('UpdateMaxRecordSize', { StreamARN: state.arn, MaxRecordSizeInKiB: 2048 });
  await active();
  await call('PutRecord', { StreamName: stream, PartitionKey: 'large', Data: Buffer.alloc(2000 * 1024, 7) });
  await fails('UpdateMaxRecordSize', { StreamARN: state.arn, MaxRecordSizeInKiB: 10241 }, 'ValidationException');
});
step('UpdateAccountSettings', async () => {
  const update = await call('UpdateAccountSettings', { MinimumThroughputBillingCommitment: { Status: 'ENABLED' } });
  assert.equal(update.MinimumThroughputBillingCommitment.Status, 'ENABLED');
});
step('DescribeAccountSettings', async () => {
  const settings = await call('DescribeAccountSettings', {});
  assert.equal(settings.MinimumThroughputBillingCommitment.Status, 'ENABLED');
  assert.ok(settings.MinimumThroughputBillingCommitment.EarliestAllowedEndAt > new Date());
});
common('DeleteStream', async () => {
  await call('DeleteStream', { StreamName: stream });
  for (let turn = 0; (await call('ListStreams', {})).StreamNames.length > 0 && turn < 100; turn++)
    await new Promise(resolve => setTimeout(resolve, 50));
  await fails('PutRecord', { StreamName: stream, PartitionKey: 'k', Data: Buffer.from('late') }, 'ResourceNotFoundException');
});

for (const { name, run } of steps.filter(one => subset !== 'common' || one.common)) {
  let error;
  try {
    await run();
  } catch (fault) {
    error = `${fault.name}: ${fault.message}`.replaceAll(/\s+/g, ' ');
  }
  console.log(JSON.stringify({ step: name, ok: error === undefined, ...(error && { error }) }));
}
client.destroy();
process.exit(0);
