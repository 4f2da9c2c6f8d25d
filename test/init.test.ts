import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { maskPassword } from '../src/init/address-prompt.ts';
import { withVariables } from '../src/init/env-file.ts';
import { listVectorColumns } from '../src/init/vector-columns.ts';
import { createWorkplace } from './harness/command.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { runInTerminal } from './harness/pseudo-terminal.ts';
import { assertRefused } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createBareStage();
  await createDocuments(stage.db.pool, 20);
  await stage.db.pool.query(
    "CREATE TABLE others (id bigint PRIMARY KEY, body text, vector vector(3)); INSERT INTO others VALUES (1, 'a', '[1,2,3]')",
  );
});
test.after.always(() => stage?.close());

const ENTER = '\r';

test('init asks for what is missing, finds the vector columns, writes .env for its owner alone, and runs doctor', async (t) => {
  const { DATABASE_URL: address = '', ...rest } = stage.db.env;
  const workplace = createWorkplace({ ...rest, OPENAI_BASE_URL: stage.provider.url });
  t.teardown(workplace.remove);
  const { code, lines, raw } = await runInTerminal(workplace, ['init'], {
    columns: 100,
    keys: [
      { after: /Address of the PostgreSQL/, press: `${address}${ENTER}` },
      { after: /Vectors to be moved[\s\S]*documents\.embedding/, press: ENTER },
      { after: /Columns of the text[\s\S]*content/, press: ENTER },
      { after: /Model of the present vectors/, press: `${OLD_MODEL}${ENTER}` },
      { after: /New model/, press: `${NEW_MODEL}${ENTER}` },
      { after: /Dimensions of/, press: `${NEW_DIMENSIONS}${ENTER}` },
      { after: /Address of the provider/, press: ENTER },
      { after: /Its API key/, press: `sk-secret${ENTER}` },
    ],
  });
  const shown = lines.join('\n');
  t.false(raw.includes(`:${new URL(address).password}@`), 'the password is not shown while it is typed');
  t.is(code, 0, shown);
  const file = join(workplace.directory, '.env');
  t.is(
    readFileSync(file, 'utf8'),
    `DATABASE_URL=${address}\nEMBED_MODEL=${NEW_MODEL}\nEMBED_DIMENSIONS=${NEW_DIMENSIONS}\nEMBED_OLD_MODEL=${OLD_MODEL}\nOPENAI_BASE_URL=${stage.provider.url}\nOPENAI_API_KEY=sk-secret\n`,
  );
  t.is(statSync(file).mode & 0o777, 0o600);
  t.regex(shown, /npm run migrate create -- --table documents --text content\n/);
  t.regex(shown, /0 errors/);
  t.false(shown.includes('sk-secret'));
  // The command that it names is complete.
  const created = await workplace.run(['migrate', 'create', '--table', 'documents', '--text', 'content']);
  t.is(created.code, 0, created.stderr);
  // The column that the campaign adds is not offered beside the one that it moves.
  await workplace.run(['migrate', 'up']);
  const again = await workplace.run([
    'init',
    '--table',
    'documents',
    '--text',
    'content',
    '--to',
    NEW_MODEL,
    '--dimensions',
    `${NEW_DIMENSIONS}`,
  ]);
  t.is(again.code, 0, again.stderr);
  const found = await listVectorColumns(stage.db.pool);
  t.deepEqual(
    found.find(({ table }) => table === 'documents')?.textColumns.filter((name) => /version/.test(name)),
    [],
  );
});

test('without a terminal, init refuses with the options that are missing, and with all of them it asks nothing', async (t) => {
  const { workplace } = stage;
  assertRefused(t, await workplace.run(['init', '--table', 'documents', '--to', NEW_MODEL]), {
    code: 'usage',
    exit: 'usage',
    says: /there is none/,
    remedy: /give --text, --dimensions, /,
  });
  const file = join(workplace.directory, '.env');
  const options = ['--text', 'content', '--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS)];
  assertRefused(t, await workplace.run(['init', '--table', 'letters', ...options]), {
    code: 'no_vector_column',
    remedy: /documents\.embedding, others\.vector/,
  });
  t.false(existsSync(file));
  writeFileSync(file, '# ours\nEMBED_MODEL=before\n');
  const { code, stderr } = await workplace.run(['init', '--table', 'public.documents', ...options]);
  t.is(code, 0, stderr);
  t.regex(readFileSync(file, 'utf8'), new RegExp(`^# ours\nEMBED_MODEL=${NEW_MODEL}\nEMBED_DIMENSIONS=${NEW_DIMENSIONS}\n`));
});

test('variables are replaced or added, and quoted as a .env file needs it', (t) => {
  const text = '# note\nexport EMBED_MODEL=old\nOTHER="x"\n\n';
  const changed = withVariables(
    text,
    new Map([
      ['EMBED_MODEL', 'new model'],
      ['KEY', "it's #1"],
    ]),
  );
  t.is(changed, `# note\nEMBED_MODEL='new model'\nOTHER="x"\nKEY="it's #1"\n`);
  t.throws(() => withVariables('', new Map([['KEY', 'a\nb']])), { message: /KEY cannot be written/ });
});

for (const [address, shown] of [
  ['postgres://app:hidden@db:5432/app', 'postgres://app:••••••@db:5432/app'],
  ['postgres://app:hidden', 'postgres://app:••••••'],
  ['postgres://app:a/b?c@d@db/app', 'postgres://app:•••••••@db/app'],
  ['postgres://db:5432/app', 'postgres://db:5432/app'],
  ['postgres://app@db/app?password=hidden&sslmode=require', 'postgres://app@db/app?password=••••••&sslmode=require'],
  ['postgres://app@db/app', 'postgres://app@db/app'],
] as const)
  test(`of ${address}, no password is shown`, (t) => {
    t.is(maskPassword(address), shown);
  });
