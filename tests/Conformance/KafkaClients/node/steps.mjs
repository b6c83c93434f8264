// What the scripts of both clients share: steps with a name, the records of the bulk runs, and their checksum.
import { createHash } from 'node:crypto';

// Node 20 has no Promise.withResolvers, which @platformatic/kafka uses.
Promise.withResolvers ??= () => {
  const source = {};
  source.promise = new Promise((resolve, reject) => Object.assign(source, { resolve, reject }));
  return source;
};

/** Does the steps in order; one JSON line each: {"step", "error"}. */
export async function tour(steps) {
  for (const [step, run] of Object.entries(steps)) {
    try {
      await run();
      console.log(JSON.stringify({ step }));
    } catch (fault) {
      const causes = (fault.errors ?? fault.partitions ?? []).map(cause => (cause.error ?? cause).message).join('; ');
      console.log(JSON.stringify({ step, error: `${fault.message} ${causes}` }));
    }
  }

  // Consumers that a failed step left behind would keep the process.
  process.exit();
}

/** Resolves when the condition holds; the clients tell their state by no event that all of them have. */
export async function until(what, holds) {
  for (let turn = 0; turn < 1200; turn++) {
    if (await holds()) return;
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  throw new Error(`${what} did not come`);
}

/** Record number i of a bulk run: 100 bytes. */
export const record = i => `record ${String(i).padStart(8, '0')} ${String.fromCharCode(97 + (i % 26)).repeat(84)}`;

/** The checksum of a bulk run: SHA-256 over the values, a newline after each. */
export function checksum() {
  const hash = createHash('sha256');
  let count = 0;
  return {
    add: value => {
      hash.update(value).update('\n');
      return ++count;
    },
    print: () => console.log(JSON.stringify({ count, sha256: hash.digest('hex') })),
  };
}

export function* chunks(count, size) {
  for (let from = 0; from < count; from += size) {
    yield Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
  }
}
