import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('Ctrl-C ends the demo, which leaves nothing behind and never uses the database of DATABASE_URL unless told to', async (t) => {
  t.timeout(180_000);
  const temporary = mkdtempSync(join(tmpdir(), 'reembed-demo-test-'));
  t.teardown(() => rmSync(temporary, { recursive: true, force: true }));
  const demo = spawn(process.execPath, [join(ROOT, 'demo/main.ts'), '--rows', '50', '--queries', '10'], {
    // A server that is not there.
    env: { ...process.env, TMPDIR: temporary, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const group = -(demo.pid ?? 0);
  const exited = once(demo, 'exit');
  let words = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (chunk) => (words += chunk));
  const hasBegun = new Promise<void>((resolve) => demo.stdout.once('data', () => resolve()));
  try {
    await Promise.race([hasBegun, exited]);
    t.true(readdirSync(temporary).length > 0, words);
    process.kill(group, 'SIGINT'); // as a terminal does: to all processes of the demo
    t.deepEqual(await exited, [130, null], words);
    t.regex(words, /stopped by SIGINT; what the demo made was removed/);
    t.deepEqual(readdirSync(temporary), []);
    t.throws(() => process.kill(group, 0), { code: 'ESRCH' }, 'a process of the demo is left');
  } finally {
    if (demo.exitCode === null) process.kill(group, 'SIGKILL');
  }
});

test('the sample is a table and a provider to try pg-reembed on', async (t) => {
  t.timeout(180_000);
  const directory = mkdtempSync(join(tmpdir(), 'reembed-sample-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const env = { ...process.env, DATABASE_URL: 'embedded:', REEMBED_DIR: directory, NODE_NO_WARNINGS: '1' };
  const sample = spawn(process.execPath, [join(ROOT, 'demo/sample.ts'), '--rows', '20', '--port', String(await freePort())], { env });
  const exited = once(sample, 'exit');
  let words = '';
  const serves = new Promise<void>((resolve) => {
    for (const stream of [sample.stdout, sample.stderr])
      stream.on('data', (chunk) => {
        words += chunk;
        if (/Ctrl-C/.test(words)) resolve();
      });
  });
  try {
    await Promise.race([serves, exited]);
    t.true(words.includes('created table public.documents with 20 rows'), words);
    const [, url, old] = /OPENAI_BASE_URL=(\S+) .* --from (\S+) /s.exec(words) ?? [];
    const answer = await fetch(`${url}/embeddings`, {
      method: 'POST',
      headers: { authorization: 'Bearer any-word', 'content-type': 'application/json' },
      body: JSON.stringify({ model: old, input: ['a small dog'] }),
    });
    t.is(answer.status, 200);
    sample.kill('SIGINT');
    t.deepEqual(await exited, [0, null], words);
  } finally {
    if (sample.exitCode === null) sample.kill('SIGKILL');
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
