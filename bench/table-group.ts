import { Command } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { createWorkplace } from '../test/harness/command.ts';
import { createTestDatabase } from '../test/harness/database.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL } from '../test/harness/documents.ts';
import { PASSING_VALIDATION } from '../test/harness/evidence.ts';
import { startProvider } from '../test/harness/provider.ts';
import { undoneAtSignal } from '../test/harness/undo-at-signal.ts';
import { runBench, tableText, withSetting } from './bench-command.ts';
import { GATE_CLOSED, succeed } from './succeed.ts';

const command = new Command('bench:group')
  .description(
    'Moves one table in each of many schemas as a group, and prints the seconds of each command. TEST_DATABASE_URL is that of the tests.',
  )
  .argument('[schemas]', 'schemas, with a table each', wholeNumber, 50)
  .argument('[rows]', 'rows of each table', wholeNumber, 200);

await runBench(command, async (_options: object, schemas: number, rows: number) => {
  const db = await createTestDatabase('installed');
  const provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS });
  const place = createWorkplace({ ...db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: provider.url });
  const close = undoneAtSignal(async () => {
    place.remove();
    await provider.close();
    await db.close();
  });
  const seconds: Record<string, number> = {};
  const timed = async (step: string, args: string[], codes?: number | number[]) => {
    seconds[step] = Number((await succeed(place, args, codes)).seconds.toFixed(2));
  };
  try {
    for (let i = 1; i <= schemas; i += 1) {
      await db.pool.query(`CREATE SCHEMA tenant_${i}`);
      await createDocuments(db.pool, rows, { table: `tenant_${i}.documents`, index: false });
    }
    const models = ['--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS), '--from', OLD_MODEL];
    await timed('create', ['migrate', 'create', '--tables', 'tenant_*.documents', '--text', 'content', ...models]);
    await timed('up: expand and backfill', ['migrate', 'up'], GATE_CLOSED);
    await timed('worker', ['worker', '--drain']);
    await timed('up: index', ['migrate', 'up'], GATE_CLOSED);
    await timed('validate', ['validate', '--group', 'tenant_documents'], [0, 4, 5]);
    const { rows: campaigns } = await db.pool.query<{ name: string }>('SELECT name FROM reembed.campaign');
    // The made-up models have nothing in common.
    for (const { name } of campaigns) await db.pool.query(PASSING_VALIDATION, [name]);
    await timed('up: switch', ['migrate', 'up'], GATE_CLOSED);
    await timed('status', ['status']);
    await timed('down: switch', ['migrate', 'down']);
    return withSetting({ schemas, rows }, { seconds }, tableText(['command', 'seconds'], Object.entries(seconds)));
  } finally {
    await close();
  }
});
