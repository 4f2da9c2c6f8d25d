import { createWorkplace } from '../test/harness/command.ts';
import { createTestDatabase } from '../test/harness/database.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL } from '../test/harness/documents.ts';
import { PASSING_VALIDATION } from '../test/harness/evidence.ts';
import { startProvider } from '../test/harness/provider.ts';
import { undoneAtSignal } from '../test/harness/undo-at-signal.ts';

// Moves one table in each of many schemas as a group, and prints the seconds of each command as JSON.
// TEST_DATABASE_URL=... npm run bench:group -- SCHEMAS ROWS
const schemas = Number(process.argv[2] ?? 50);
const rows = Number(process.argv[3] ?? 200);

const db = await createTestDatabase('installed');
const provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS });
const place = createWorkplace({ ...db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: provider.url });
const seconds: Record<string, number> = {};
const close = undoneAtSignal(async () => {
  place.remove();
  await provider.close();
  await db.close();
});
try {
  for (let i = 1; i <= schemas; i += 1) {
    await db.pool.query(`CREATE SCHEMA tenant_${i}`);
    await createDocuments(db.pool, rows, { table: `tenant_${i}.documents`, index: false });
  }
  const models = ['--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS), '--from', OLD_MODEL];
  await timed('create', ['migrate', 'create', '--tables', 'tenant_*.documents', '--text', 'content', ...models]);
  await timed('up: expand and backfill', ['migrate', 'up'], [3]);
  await timed('worker', ['worker', '--drain']);
  await timed('up: index', ['migrate', 'up'], [3]);
  await timed('validate', ['validate', '--group', 'tenant_documents'], [0, 4, 5]);
  const { rows: campaigns } = await db.pool.query<{ name: string }>('SELECT name FROM reembed.campaign');
  // The made-up models have nothing in common.
  for (const { name } of campaigns) await db.pool.query(PASSING_VALIDATION, [name]);
  await timed('up: switch', ['migrate', 'up'], [3]);
  await timed('status', ['status']);
  await timed('down: switch', ['migrate', 'down']);
  console.log(JSON.stringify({ schemas, rows, seconds }));
} finally {
  await close();
}

async function timed(what: string, args: string[], codes = [0]): Promise<void> {
  const startedAt = performance.now();
  const { code, stderr } = await place.run(args);
  if (!codes.includes(code ?? -1)) throw new Error(`${what} ended with ${code}: ${stderr}`);
  seconds[what] = Number(((performance.now() - startedAt) / 1000).toFixed(2));
}
