import { readFileSync } from 'node:fs';
import test from 'ava';
import { fuseRankings } from '../src/index.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { findPsql, type Psql } from './harness/psql.ts';
import { createStage, type Stage } from './harness/stage.ts';

// The statements themselves, so that what the documentation shows is what is tried.
const [askModel = '', search = '', fuse = '', setPath = '', guarded = ''] = [
  ...readFileSync(new URL('../docs/reading.md', import.meta.url), 'utf8').matchAll(/```sql\n([\s\S]*?)```/g),
].map(([, text]) => text);

let stage: Stage;
let psql: Psql | undefined;

test.before(async () => {
  psql = findPsql();
  // On a server there always is one: .ci/postgres, which starts the server, has it.
  if (!psql && process.env.TEST_DATABASE_URL) throw new Error('no psql here');
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  const campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
});
test.after.always(() => stage?.close());

const vectorIn = (model: string, i: number) =>
  vectorText(vectorOf(model, textOf(i), model === OLD_MODEL ? OLD_DIMENSIONS : NEW_DIMENSIONS));

test.serial('the recipe for other languages finds the row with psql: with the live model, in the canary, and after a switch', async (t) => {
  if (!psql) return t.pass('no psql here, and no server that would bring one');
  const ask = async (reader: string) => {
    const { stdout = '' } = (await psql?.(stage.db.url, `${askModel}\\echo :model :view\n`, { reader })) ?? {};
    const [model = '', view = ''] = stdout.split(' ');
    return { model, view };
  };
  const find = async (i: number, { model, view }: { model: string; view: string }) =>
    psql?.(stage.db.url, search, { model, view, vector: vectorIn(model, i) });
  const expected = [
    ['canary_percent = 0', OLD_MODEL, 'public.documents_live'],
    ['canary_percent = 100', NEW_MODEL, 'public.documents_new_model'],
    [`read_model = '${NEW_MODEL}'`, NEW_MODEL, 'public.documents_live'],
  ] as const;
  for (const [change, model, view] of expected) {
    await stage.db.pool.query(`UPDATE reembed.setting SET ${change}`);
    const side = await ask("Ann's");
    t.deepEqual(side, { model, view });
    const { stdout = '' } = (await find(7, side)) ?? {};
    const lines = stdout.split('\n');
    t.is(lines.length, 10);
    t.is(lines[0], `7|${textOf(7)}`);
  }
  const stale = await find(7, { model: OLD_MODEL, view: 'documents_live' });
  t.regex(stale?.stderr ?? '', /RE002/);
  t.is(stale?.stdout, '');
});

test.serial('the fused read of the documentation is that of the client', async (t) => {
  if (!psql) return t.pass('no psql here, and no server that would bring one');
  const lists: string[][] = [];
  for (const [model, view] of [
    [OLD_MODEL, 'documents_old_model'],
    [NEW_MODEL, 'documents_new_model'],
  ] as const) {
    const { rows } = await stage.db.pool.query(`SELECT id::text FROM ${view} ORDER BY embedding <=> $1::vector LIMIT 50`, [
      vectorIn(model, 7),
    ]);
    lists.push(rows.map(({ id }) => id));
  }
  const { stdout } = await psql(stage.db.url, fuse, { old_vector: vectorIn(OLD_MODEL, 7), new_vector: vectorIn(NEW_MODEL, 7) });
  const found = stdout.split('\n').map((line) => line.split('|'));
  const score = (id: string) => lists.reduce((sum, list) => sum + (list.includes(id) ? 1 / (61 + list.indexOf(id)) : 0), 0);
  const best = fuseRankings(lists, (id) => id).slice(0, 10);
  t.deepEqual(
    found.map(([, value]) => Number(value).toFixed(9)),
    best.map((id) => score(id).toFixed(9)),
  );
  t.is(found[0]?.[0], '7');
});

test.serial('the path of a role and the guard of the documentation are found by a new session of psql', async (t) => {
  if (!psql) return t.pass('no psql here, and no server that would bring one');
  const { pool, url } = stage.db;
  const role = `reads_by_path_${process.pid}`;
  const database = new URL(url).pathname.slice(1);
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-this-test'; GRANT SELECT ON documents TO ${role}`);
  try {
    await pool.query("SELECT reembed.replace_views('public.documents.embedding')");
    const set = await psql(url, setPath, { role, database });
    t.is(set.stderr, '');
    const own = Object.assign(new URL(url), { username: role, password: 'only-for-this-test' }).href;
    const vector = vectorIn(NEW_MODEL, 7);
    const found = await psql(own, "SELECT id FROM documents ORDER BY embedding <=> :'vector' LIMIT 1;\n", { vector });
    t.is(found.stdout, '7', found.stderr);
    t.is((await psql(own, guarded, { vector })).stdout.split('\n')[0], `7|${textOf(7)}`);
    const stale = await psql(own, `SET reembed.model = '${OLD_MODEL}';\n${guarded}`, { vector });
    t.regex(stale.stderr, /RE002/);
  } finally {
    await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});
