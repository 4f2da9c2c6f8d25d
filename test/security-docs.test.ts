import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { createStage } from './harness/stage.ts';

const security = readFileSync(new URL('../docs/security.md', import.meta.url), 'utf8');

const listed = (audience: string) =>
  [...(new RegExp(`<!-- ${audience} -->\\n(.*?)<!-- end -->`, 's').exec(security)?.[1] ?? '').matchAll(/`([^`]+)`/g)]
    .map(([, name]) => name)
    .sort();

test('docs/security.md lists who may call which function as the catalog has it', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  await stage.up();
  const everybody = await pool.query<{ name: string }>(
    `SELECT DISTINCT p.proname::text AS name FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS g
      WHERE p.pronamespace = 'reembed'::regnamespace AND g.grantee = 0 ORDER BY 1`,
  );
  t.deepEqual(
    listed('everybody'),
    everybody.rows.map(({ name }) => name),
  );
  const role = `listed_worker_${process.pid}_${Date.now()}`;
  await pool.query(`CREATE ROLE ${role}`);
  try {
    const workers = await pool.query<{ name: string }>(
      `SELECT DISTINCT substring(g.statement FROM 'FUNCTION reembed\\.(\\w+)\\(') AS name FROM reembed.worker_grants($1) AS g
        WHERE g.statement LIKE '%FUNCTION%'
       UNION SELECT name || '_…' FROM reembed.compiled_for_workers() ORDER BY 1`,
      [role],
    );
    // What everybody may call needs no grant.
    const open = new Set(listed('everybody'));
    t.deepEqual(
      listed('workers').filter((name) => !open.has(name)),
      workers.rows.map(({ name }) => name).sort(),
    );
  } finally {
    await pool.query(`DROP ROLE ${role}`);
  }
});

test('every test that docs/security.md names is there', (t) => {
  const table = security.slice(security.indexOf('## Who takes part'), security.indexOf('## How'));
  const names = table
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .flatMap((line) => [...(line.split('|').at(-2) ?? '').matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
  t.true(names.length > 10);
  for (const name of names) t.true(existsSync(new URL(`./${name}.test.ts`, import.meta.url)), name);
});
