import test from 'ava';
import { readConfig } from '../src/config.ts';
import type { Database } from '../src/database/connection.ts';
import { ReembedError } from '../src/errors.ts';
import type { ValidateOptions } from '../src/validation/validate.ts';
import { causeFinder } from '../src/validation/verdict/find-cause.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { startProvider, vectorOf } from './harness/provider.ts';
import { createFilledCampaign, openWithSchema, testEmbedder, validateTable } from './harness/validation.ts';

let database: Database;
test.before(async () => {
  database = await openWithSchema();
});
test.after.always(() => database?.close());

const sql = (text: string, values?: unknown[]) => database.pool.query(text, values);

interface Judged {
  outcome: string;
  code: string;
  reason: string;
}

/** Validates a table with an audit, and returns what the audit adds to the verdict. */
async function audit(table: string, options: Partial<ValidateOptions> = {}): Promise<Judged[]> {
  const { id } = await validateTable(database, table, { sample: 2, audit: 300, ...options });
  return judge(id);
}

async function judge(id: string): Promise<Judged[]> {
  return (await sql('SELECT outcome, code, reason FROM reembed.judge_audit($1)', [id])).rows;
}

const codes = (judged: Judged[]) => judged.map(({ outcome, code }) => `${outcome} ${code}`);
const asked: number[] = [];
const counting: typeof testEmbedder = (model, texts, role, side) => {
  if (side === 'new') asked.push(texts.length);
  return testEmbedder(model, texts, role, side);
};

test.serial('the binomial distribution is that of the tables, also where its first term underflows', async (t) => {
  for (const [hits, trials, share, expected] of [
    [0, 300, 0.01, 0.04904089407128576],
    [1, 300, 0.01, 0.19764966398427275],
    [3, 900, 0.01, 0.02077808421244338],
    [5, 10, 0.5, 0.623046875],
    [-1, 10, 0.5, 0],
    [10, 10, 0.5, 1],
    [3, 10, 0, 1],
    [3, 10, 1, 0],
    [0, 200_000, 0.01, 0],
    [2000, 200_000, 0.01, 0.5059468],
  ] as const) {
    const { rows } = await sql('SELECT reembed.binomial_at_most($1, $2, $3) AS value', [hits, trials, share]);
    t.true(Math.abs(rows[0].value - expected) < 1e-6, `${hits} of ${trials} at ${share}: ${rows[0].value}`);
  }
});

test.serial('an audit is decided by the exact binomial test, or by the count where every row was audited', async (t) => {
  for (const [disagreeing, rows, complete, expected] of [
    [0, 300, false, 'pass'],
    [0, 298, false, 'unsure'],
    [1, 300, false, 'unsure'],
    [1, 600, false, 'pass'],
    [6, 300, false, 'unsure'],
    [7, 300, false, 'fail'],
    [50, 50, false, 'fail'],
    [0, 0, true, 'unsure'],
    [0, 20, true, 'pass'],
    [3, 300, true, 'pass'],
    [4, 300, true, 'fail'],
    [1, 20, true, 'fail'],
  ] as const) {
    const found = await sql('SELECT reembed.audit_outcome($1, $2, $3, 0.01) AS outcome', [disagreeing, rows, complete]);
    t.is(found.rows[0].outcome, expected, `${disagreeing} of ${rows}${complete ? ', all' : ''}`);
  }
});

test.serial('1 % and 2 % of rows with the vector of another text are found, and a clean column passes after 300 rows', async (t) => {
  await createFilledCampaign(database.pool, 'outdated', 2000);
  const spoil = (last: number) =>
    sql(
      'UPDATE outdated AS t SET embedding_v2 = o.embedding_v2 FROM outdated AS o WHERE t.id % 50 = 0 AND t.id <= $1 AND o.id = t.id + 1',
      [last],
    );
  const forget = () => sql('DELETE FROM reembed.validation');
  t.deepEqual(await audit('outdated', { seed: 1, embedder: counting }), []);
  t.deepEqual(asked.splice(0), [300]);
  for (const [last, outcomes] of [
    [1000, /^(unsure audit_undecided|fail audit_disagrees)$/],
    [2000, /^(unsure audit_undecided|fail audit_disagrees)$/],
  ] as const) {
    await spoil(last);
    for (const seed of [1, 2, 3]) {
      await forget();
      t.regex(codes(await audit('outdated', { seed, embedder: counting })).join(), outcomes, `${last / 50} rows, seed ${seed}`);
      t.true(asked.every((texts) => texts === 300) && asked.length <= 3);
      asked.length = 0;
    }
  }
});

test.serial('disagreements that leave it undecided draw further rows, each row once', async (t) => {
  await createFilledCampaign(database.pool, 'redrawn', 1000);
  await sql('UPDATE redrawn AS t SET embedding_v2 = o.embedding_v2 FROM redrawn AS o WHERE t.id IN (10, 500) AND o.id = t.id + 1');
  let drawn = 0;
  for (let seed = 1; drawn <= 300 && seed < 20; seed++) {
    const { audit: found } = await validateTable(database, 'redrawn', { sample: 2, audit: 300, seed });
    drawn = found.new.rows.length;
    t.is(new Set(found.new.rows.map(({ key }) => key)).size, drawn);
  }
  t.true(drawn === 600 || drawn === 900, `${drawn}`);
});

test.serial('audits add up: a small one never undoes a large one, and a corrected row counts as it is now', async (t) => {
  await createFilledCampaign(database.pool, 'pooled', 400);
  await sql('UPDATE pooled AS t SET embedding_v2 = o.embedding_v2 FROM pooled AS o WHERE t.id <= 40 AND o.id = t.id + 100');
  t.deepEqual(codes(await audit('pooled', { seed: 1 })), ['fail audit_disagrees']);
  const small = await audit('pooled', { seed: 7, audit: 1, embedder: counting });
  t.deepEqual(codes(small), ['fail audit_disagrees']);
  t.regex(small[0]?.reason ?? '', /^\d+ of 3\d\d audited new vectors differ .* in 2 validations, more than max_audit_share 0\.01$/);
  t.deepEqual(codes(await audit('pooled', { audit: 0 })), ['fail audit_disagrees']);

  const embedded = Array.from({ length: 40 }, (_, i) => vectorText(vectorOf(NEW_MODEL, textOf(i + 1), NEW_DIMENSIONS)));
  await sql('UPDATE pooled AS t SET embedding_v2 = v.vector FROM unnest($1::vector[]) WITH ORDINALITY AS v(vector, id) WHERE t.id = v.id', [
    embedded,
  ]);
  await sql('DELETE FROM pooled WHERE id IN (1, 2, 3, 4)');
  t.deepEqual(await audit('pooled', { seed: 9, audit: 20 }), []);
  const { rows } = await sql('SELECT count(*)::int AS gone FROM reembed.truth_audit WHERE similarity IS NULL');
  t.true(rows[0].gone >= 1 && rows[0].gone <= 4);
});

test.serial('where nothing was audited the verdict is unsure, with the reason', async (t) => {
  await createFilledCampaign(database.pool, 'unseen', 20);
  t.deepEqual(await audit('unseen', { audit: 0 }), [
    { outcome: 'unsure', code: 'not_audited', reason: 'no stored new vector was compared with a fresh one' },
  ]);
  const down = async () => {
    throw new ReembedError('provider_unavailable', 'nobody answers', 'wait');
  };
  const unasked = await audit('unseen', { embedder: down });
  t.deepEqual(codes(unasked), ['unsure not_audited', 'warning old_vectors_not_audited']);
  t.regex(unasked[0]?.reason ?? '', /: nobody answers$/);
  // All twenty rows, which decides it, and what came before stays on record.
  t.deepEqual(await audit('unseen'), []);
  t.deepEqual(codes(await audit('unseen', { embedder: down })), ['warning audit_not_repeated', 'warning old_vectors_not_audited']);
  t.deepEqual(codes(await audit('unseen', { audit: 5 })), []);
});

test.serial('old vectors of another model leave the verdict unsure, with the cause', async (t) => {
  const provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, other: OLD_DIMENSIONS });
  t.teardown(() => provider.close());
  await createFilledCampaign(database.pool, 'foreign_old', 60);
  const vectors = Array.from({ length: 60 }, (_, i) => vectorText(vectorOf(OLD_MODEL, `passage: ${textOf(i + 1)}`, OLD_DIMENSIONS)));
  await sql(
    'UPDATE foreign_old AS t SET embedding = v.vector FROM unnest($1::vector[]) WITH ORDINALITY AS v(vector, id) WHERE t.id = v.id',
    [vectors],
  );
  // A change of the old column is a change of the row.
  await sql(
    'DELETE FROM reembed.change_' +
      (await sql("SELECT suffix FROM reembed.target WHERE name = 'public.foreign_old.embedding'")).rows[0].suffix,
  );
  const config = readConfig({ DATABASE_URL: database.url, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: provider.url });
  const judged = await audit('foreign_old', { findCause: causeFinder(database, config) });
  t.deepEqual(codes(judged), ['unsure old_vectors_disagree']);
  t.regex(judged[0]?.reason ?? '', /^60 of 60 audited old vectors differ .*: they are of the text with the prefix "passage: "$/);
  t.true(provider.requests.length <= 12);
});

test.serial('thresholds of the audit apply to what was stored', async (t) => {
  const { id } = await validateTable(database, 'foreign_old', { sample: 2, audit: 300 });
  await sql("UPDATE reembed.setting SET min_audit_similarity = -1 WHERE target = 'public.foreign_old.embedding'");
  t.deepEqual(await judge(id), []);
  await sql(
    "UPDATE reembed.setting SET min_audit_similarity = 0.999, max_audit_share = 0.999 WHERE target = 'public.foreign_old.embedding'",
  );
  t.deepEqual(codes(await judge(id)), ['unsure old_vectors_disagree']);
});
