import test, { type ExecutionContext } from 'ava';
import {
  createDocuments,
  fits,
  NEW_DIMENSIONS,
  NEW_MODEL,
  OLD_DIMENSIONS,
  OLD_MODEL,
  textOf,
  vectorText,
  wrongRows,
} from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage, type Standing } from './harness/stage.ts';

/** What a campaign on one of the columns may have done; a step leads to a neighbour. */
const STANDINGS: Standing[] = ['none', 'backfill', 'index', 'switch', 'contract'];
const LAST = STANDINGS.length - 1;
const COLUMNS = [
  { column: 'embedding', text: 'content', view: 'documents_live' },
  { column: 'title_embedding', text: 'title', view: 'documents_title_embedding_live' },
] as const;
const ROWS = 12;

let stage: Stage;
let campaigns: string[];
/** place in STANDINGS of the campaign on each column */
const at = [0, 0];
let round = 0;

test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  await createDocuments(pool, ROWS);
  await pool.query(`ALTER TABLE documents ADD COLUMN title text, ADD COLUMN title_embedding vector(${OLD_DIMENSIONS})`);
  for (let id = 1; id <= ROWS; id++) {
    const title = `title of ${textOf(id)}`;
    await pool.query('UPDATE documents SET title = $2, title_embedding = $3 WHERE id = $1', [id, title, vectorBy(OLD_MODEL, title)]);
  }
  const model = { table: 'documents', to: NEW_MODEL, dimensions: NEW_DIMENSIONS, from: OLD_MODEL };
  campaigns = [await stage.create(argumentsOf(model, 0)), await stage.create(argumentsOf(model, 1))];
});
test.after.always(() => stage?.close());

function argumentsOf(
  { table, to, dimensions, from }: { table: string; to: string; dimensions: number; from: string },
  which: 0 | 1,
): string[] {
  const { column, text } = COLUMNS[which];
  return ['--table', table, '--text', text, '--column', column, '--to', to, '--dimensions', String(dimensions), '--from', from];
}

function vectorBy(model: string, text: string): string {
  return vectorText(vectorOf(model, text, model === OLD_MODEL ? OLD_DIMENSIONS : NEW_DIMENSIONS));
}

/** Takes one step with one of the campaigns; the application writes, and each view has to serve its model. */
async function step(t: ExecutionContext, which: number, direction: number): Promise<void> {
  at[which] = (at[which] ?? 0) + direction;
  const moment = `${COLUMNS.map(({ column }, i) => `${column}: ${STANDINGS[at[i] ?? 0]}`).join(', ')} (${round})`;
  try {
    await stage.bring(campaigns[which] ?? '', STANDINGS[at[which] ?? 0] ?? 'none');
    await write();
    await stage.work();
  } catch (error) {
    throw new Error(`${moment}: ${(error as Error).message}`, { cause: error });
  }
  for (const [i, column] of COLUMNS.entries()) await check(t, column, STANDINGS[at[i] ?? 0] ?? 'none', moment);
  t.is((await stage.db.pool.query('SELECT FROM reembed.damage')).rowCount, 0, moment);
}

/** Without a campaign the application stores the vectors itself. */
async function write(): Promise<void> {
  round += 1;
  const own = COLUMNS.filter((_, i) => at[i] === 0);
  const texts = (what: string) => COLUMNS.map(({ text }) => `${text} ${what} ${round}`);
  const vectors = (values: string[]) => own.map((column) => vectorBy(OLD_MODEL, values[COLUMNS.indexOf(column)] ?? ''));
  const names = own.map(({ column }) => column);
  const [inserted, updated] = [texts('inserted'), texts('updated')];
  const { pool } = stage.db;
  await pool.query(
    `INSERT INTO documents (content, title${names.map((name) => `, ${name}`).join('')}) VALUES ($1, $2${names.map((_, i) => `, $${i + 3}`).join('')})`,
    [...inserted, ...vectors(inserted)],
  );
  await pool.query(
    `UPDATE documents SET content = $2, title = $3${names.map((name, i) => `, ${name} = $${i + 4}`).join('')} WHERE id = $1`,
    [1 + (round % (ROWS / 2)), ...updated, ...vectors(updated)],
  );
  await pool.query(
    `DELETE FROM documents WHERE id = (SELECT min(id) FROM documents WHERE id > ${ROWS}) AND (SELECT count(*) FROM documents) > ${ROWS + 4}`,
  );
}

async function check(
  t: ExecutionContext,
  { column, text, view }: (typeof COLUMNS)[number],
  standing: Standing,
  moment: string,
): Promise<void> {
  const { pool } = stage.db;
  const stored =
    standing === 'contract' ? { newColumn: column } : { oldColumn: column, ...(standing === 'none' ? {} : { newColumn: `${column}_v2` }) };
  t.deepEqual(await wrongRows(pool, { ...stored, text }), [], `${moment}: ${column}`);
  if (standing === 'none') {
    t.is((await pool.query('SELECT to_regclass($1) AS view', [view])).rows[0].view, null, moment);
    return;
  }
  const model = standing === 'switch' || standing === 'contract' ? NEW_MODEL : OLD_MODEL;
  const dimensions = model === OLD_MODEL ? OLD_DIMENSIONS : NEW_DIMENSIONS;
  const asked = (await pool.query(`SELECT id, ${text} AS text FROM documents ORDER BY id DESC LIMIT 1`)).rows[0];
  const { rows } = await pool.query<{ id: string; text: string; vector: string; model: string }>(
    `SELECT id, ${text} AS text, ${column}::text AS vector, ${column}_model AS model FROM ${view}
      ORDER BY ${column} <=> reembed.query_vector(${column}_model, $1, $2::vector)`,
    [model, vectorBy(model, asked.text)],
  );
  t.is(rows[0]?.id, asked.id, `${moment}: ${view} does not find a row by its own text`);
  const others = rows.filter((row) => row.model !== model || !fits(row.vector, model, row.text, dimensions));
  t.deepEqual(others, [], `${moment}: ${view} shows vectors of another model`);
}

/**
 * A walk from no campaign back to none that takes every step of the first campaign, up and down, in every standing of the second one exactly
 * once: the first goes to its other end between two steps of the second.
 */
function throughAllStandings(): [which: number, direction: number][] {
  const toEnd = (direction: number) => STANDINGS.slice(1).map((): [number, number] => [0, direction]);
  const walk: [number, number][] = [];
  let direction = 1;
  for (const second of [1, 1, 1, 1, 0, -1, -1, -1, -1, 0]) {
    walk.push(...toEnd(direction));
    direction = -direction;
    if (second !== 0) walk.push([1, second]);
  }
  return walk;
}

/** Every order of the steps of both campaigns in one direction: which of them takes the next step. */
function orders(first = LAST, second = LAST): number[][] {
  if (first === 0 && second === 0) return [[]];
  return [
    ...(first > 0 ? orders(first - 1, second).map((rest) => [0, ...rest]) : []),
    ...(second > 0 ? orders(first, second - 1).map((rest) => [1, ...rest]) : []),
  ];
}

test.serial('two columns of one table: each step of one campaign works wherever the other one stands', async (t) => {
  t.timeout(240_000);
  for (const [which, direction] of throughAllStandings()) await step(t, which, direction);
  t.deepEqual(at, [0, 0]);
});

// Some twenty minutes: TEST_EVERY_ORDER=1 npm test -- test/two-columns-orders.test.ts
const testAll = process.env.TEST_EVERY_ORDER ? test.serial : undefined;
testAll?.('two columns of one table: every order of the steps forward, each with another order of those back', async (t) => {
  t.timeout(7_200_000);
  const all = orders();
  for (const [i, forward] of all.entries()) {
    for (const which of forward) await step(t, which, 1);
    for (const which of all[(i * 31 + 7) % all.length] ?? []) await step(t, which, -1);
  }
});
