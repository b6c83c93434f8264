// Runs an independent Kinesis server on a free loopback port: node rival.mjs kinesalite|kinesis-local
// Prints its address when it listens; ends when its standard input ends.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer, connect } from 'node:net';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);
const free = () => new Promise(resolve => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const listening = port => new Promise(resolve => {
  const attempt = () => {
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(); });
    socket.on('error', () => setTimeout(attempt, 50));
  };
  attempt();
});

if (process.argv[2] === 'kinesalite') {
  const server = require('kinesalite')({ createStreamMs: 0, deleteStreamMs: 0, updateStreamMs: 0 });
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
  process.stdin.resume().on('end', () => process.exit(0));
} else {
  const [plain, tls] = [await free(), await free()];
  const milliseconds = Object.fromEntries(
    ['CREATE_STREAM', 'DELETE_STREAM', 'UPDATE_STREAM', 'SPLIT_SHARD', 'MERGE_SHARDS'].map(name => [`${name}_DURATION`, '10ms']));
  // It finds its certificate in the folder it is started in.
  const child = spawn(process.execPath, ['main.js'], {
    cwd: dirname(require.resolve('kinesis-local/package.json')),
    env: { ...process.env, ...milliseconds, KINESIS_MOCK_PLAIN_PORT: `${plain}`, KINESIS_MOCK_TLS_PORT: `${tls}`, BIND_ADDRESS: '127.0.0.1', LOG_LEVEL: 'ERROR' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child.on('exit', code => process.exit(code ?? 1));
  await listening(plain);
  console.log(`http://127.0.0.1:${plain}`);
  process.stdin.resume().on('end', () => child.kill('SIGKILL'));
}
