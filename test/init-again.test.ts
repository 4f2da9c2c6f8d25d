import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createWorkplace } from './harness/command.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { runInTerminal } from './harness/pseudo-terminal.ts';
import { assertRefused } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

// `reembed init` where there is something already: a file, variables of the shell, tables with quoted names.

let stage: Stage;

test.before(async () => {
  stage = await createBareStage();
  await createDocuments(stage.db.pool, 20);
  await stage.db.pool.query(`
    CREATE TABLE "Order" (id bigint PRIMARY KEY, body text, embedding vector(3));
    INSERT INTO "Order" VALUES (1, 'a', '[1,2,3]');
    CREATE SCHEMA "Shop App";
    CREATE TABLE "Shop App"."user" (id bigint PRIMARY KEY, "Text" text, embedding vector(3));
    INSERT INTO "Shop App"."user" VALUES (1, 'a', '[1,2,3]')`);
});
test.after.always(() => stage?.close());

const TO = ['--from', OLD_MODEL, '--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS)];
const DOCUMENTS = ['init', '--table', 'documents', '--text', 'content', ...TO];

/** A folder of its own with the variables of the stage. */
function folder(remove: (work: () => void) => void) {
  const workplace = createWorkplace({ ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
  remove(workplace.remove);
  return { workplace, file: join(workplace.directory, '.env') };
}

test('a new answer counts at once, and a variable of the shell that hides it is named', async (t) => {
  const { workplace, file } = folder(t.teardown);
  const { OPENAI_BASE_URL: address = '', ...env } = workplace.env;
  const fresh = createWorkplace(env);
  t.teardown(fresh.remove);
  writeFileSync(join(fresh.directory, '.env'), 'OPENAI_BASE_URL=http://says.old.example/v1\n');
  const again = await fresh.run([...DOCUMENTS, '--base-url', address]);
  t.is(again.code, 0, again.stderr);
  t.true(again.stdout.includes(address), again.stdout);
  t.notRegex(again.stdout, /says\.old\.example/);
  writeFileSync(file, 'EMBED_MODEL=no-such-model\nEMBED_DIMENSIONS=7\n');
  const hidden = await workplace.run(DOCUMENTS, { EMBED_MODEL: 'no-such-model' });
  t.regex(hidden.stderr, /EMBED_MODEL is set in this shell, too, where it takes precedence over \.env: unset EMBED_MODEL/);
});

test('tables with quoted names are found, and the command that init names finds them', async (t) => {
  for (const [asked, columns, named] of [
    ['Order', 'body', /create -- --table '"Order"' --text body\n/],
    ['"Shop App"."user"', 'Text', /create -- --table '"Shop App"\."user"' --text Text\n/],
  ] as const) {
    const { workplace } = folder(t.teardown);
    const { stderr } = await workplace.run(['init', '--table', asked, '--text', columns, ...TO]);
    t.regex(stderr, named);
    // Three dimensions are not those of the model, which can only be seen in the right table.
    t.regex(stderr, /1 error: stored vectors \[doctor_found_errors\]/);
  }
});

test('a key in a file that others may read, or that git would commit, is warned of; without a secret nothing is said', async (t) => {
  const { workplace, file } = folder(t.teardown);
  execFileSync('git', ['init', '--quiet', workplace.directory]);
  writeFileSync(file, '');
  chmodSync(file, 0o644);
  t.notRegex((await workplace.run(DOCUMENTS)).stderr, /warning: (other|git)/);
  const { OPENAI_API_KEY: _, ...env } = workplace.env;
  const asking = createWorkplace(env);
  t.teardown(asking.remove);
  const { lines } = await runInTerminal({ ...asking, directory: workplace.directory }, [...DOCUMENTS, '--base-url', stage.provider.url], {
    columns: 120,
    keys: [{ after: /Its API key/, press: 'sk-secret-of-mine\r' }],
  });
  const shown = lines.join('\n');
  t.regex(shown, /warning: other users of this machine may read \.env: chmod 600 \.env/);
  t.regex(shown, /warning: git does not ignore \.env, which would be committed: add it to \.gitignore/);
  t.false(shown.includes('sk-secret-of-mine'));
  t.regex(readFileSync(file, 'utf8'), /OPENAI_API_KEY=sk-secret-of-mine/);
});

test('a .env that is no file is refused by name, and CI is never asked', async (t) => {
  const { workplace, file } = folder(t.teardown);
  mkdirSync(file);
  assertRefused(t, await workplace.run(['status']), { code: 'usage', exit: 'usage', says: /\.env cannot be read/ });
  const { code, lines } = await runInTerminal(workplace, ['init'], { columns: 120, env: { CI: 'true' } });
  t.is(code, 2);
  t.regex(lines.join('\n'), /init asks in a terminal, and there is none/);
});
