import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';
import { readStatedObjects } from './harness/stated-objects.ts';

const SECURITY = new URL('../docs/security.md', import.meta.url);
let security = readFileSync(SECURITY, 'utf8');

/** The rows of a table, between its head and its end. */
const rowsBelow = (mark: string) => new RegExp(`(?<=<!-- ${mark} -->\\n.*\\n.*\\n)[^]*?(?=<!-- end -->)`);

test('docs/security.md states audience, owner, rights, path and volatility of everything of ours as the catalog has them', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  const [worker, owner] = [`stated_worker_${process.pid}`, `stated_owner_${process.pid}`];
  await pool.query(`CREATE ROLE ${worker}; CREATE ROLE ${owner}; GRANT CREATE ON SCHEMA public TO ${owner}`);
  try {
    // Of each storage, on either side of contract.
    for (const [name, storage, standing] of [
      ['documents', 'column', 'contract'],
      ['books', 'side-table', 'switch'],
      ['pages', 'side-table', 'contract'],
    ] as const) {
      await createDocuments(pool, 10, { table: name });
      await pool.query(`ALTER TABLE ${name} OWNER TO ${owner}`);
      await stage.bring(await stage.draft({ table: name, storage }), standing);
    }
    await pool.query('SELECT reembed.grant_worker($1)', [worker]);
    const stated = await readStatedObjects(pool, { worker, owner });
    for (const [mark, rows] of Object.entries(stated)) {
      const wanted = rows.map((row) => `${row}\n`).join('');
      if (process.env.UPDATE_DOCS) security = security.replace(rowsBelow(mark), () => wanted);
      t.is(rowsBelow(mark).exec(security)?.[0], wanted, 'UPDATE_DOCS=1 writes the table anew');
    }
    if (process.env.UPDATE_DOCS) writeFileSync(SECURITY, security);
  } finally {
    await pool.query(`DROP OWNED BY ${worker} CASCADE; DROP ROLE ${worker}; DROP OWNED BY ${owner} CASCADE; DROP ROLE ${owner}`);
  }
});

test('every test that docs/security.md and docs/attacks.md name is there', (t) => {
  const parties = security.slice(security.indexOf('## Who takes part'), security.indexOf('## How'));
  for (const text of [parties, readFileSync(new URL('../docs/attacks.md', import.meta.url), 'utf8')]) {
    const names = text
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .flatMap((line) => [...(line.split('|').at(-2) ?? '').matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
    t.true(names.length > 10);
    for (const name of names) t.true(existsSync(new URL(`./${name}.test.ts`, import.meta.url)), name);
  }
});
