import { cpus } from 'node:os';
import type pg from 'pg';
import { mapQuery } from '../../src/reading/bridge.ts';
import { readJudgements } from '../../src/validation/queries/judgements.ts';
import type { Workplace } from '../../test/harness/command.ts';
import { vectorText } from '../../test/harness/documents.ts';
import { fillScifact, SCIFACT_TEXT } from '../../test/harness/scifact.ts';
import {
  MINILM,
  readScifactDocuments,
  readScifactQueries,
  readScifactVectors,
  SCIFACT_JUDGEMENTS,
  textOfAbstract,
  USE_LITE,
} from '../../test/harness/scifact-data.ts';
import { undoneAtSignal } from '../../test/harness/undo-at-signal.ts';
import { GATE_CLOSED, succeed } from '../succeed.ts';

/** A judged query with its vectors as SQL text. */
export interface BenchQuery {
  gains: ReadonlyMap<string, number>;
  old: string;
  mapped: string;
  renewed: string;
}

/** Figures of the set-up. */
export interface BridgeFacts {
  rows: number;
  queries: number;
  cores: number;
  /** from the decision to the first search over the bridge */
  createSeconds: number;
  fitSeconds: number;
  providerCalls: number;
  embeddedTexts: number;
  fit: unknown;
}

/** SciFact with a bridge from USE-lite to MiniLM, whose new vectors are in a side table. */
export interface BridgeSubject {
  pool: pg.Pool;
  place: Workplace;
  campaign: string;
  sideTable: string;
  queries: BenchQuery[];
  /** ids in the order of the table */
  ids: string[];
  facts: BridgeFacts;
  close(): Promise<void>;
}

/** Fills the table, creates the campaign with the old provider switched off, fits the bridge, and keeps the new vectors of all rows aside. */
export async function openBridge(say: (line: string) => void): Promise<BridgeSubject> {
  const undo: (() => unknown)[] = [];
  const close = undoneAtSignal(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  try {
    const { database, provider, place } = await fillScifact({ teardown: (step) => undo.push(step) }, [USE_LITE, MINILM]);
    const { pool } = database;
    await pool.query('VACUUM ANALYZE abstracts');
    const answer = provider.script;
    provider.script = (request, count) => (request.model === USE_LITE.name ? { status: 404 } : answer(request, count));
    provider.requests.length = 0;
    const models = ['--from', USE_LITE.name, '--to', MINILM.name, '--dimensions', String(MINILM.dimensions)];
    const text = ['--table', 'abstracts', '--text-sql', SCIFACT_TEXT];
    const created = await succeed(place, [
      'migrate',
      'create',
      ...text,
      ...models,
      '--storage',
      'side-table',
      '--old-model-gone',
      '--json',
    ]);
    const { campaign } = JSON.parse(created.stdout) as { campaign: string };
    const up = await succeed(place, ['migrate', 'up'], GATE_CLOSED);
    const fitted = await succeed(place, ['bridge', 'fit', '--campaign', campaign, '--json']);
    say(`bridge fitted in ${fitted.seconds.toFixed(1)} s`);
    const { rows } = await pool.query<{ side: string; map: Buffer }>(
      'SELECT m.to_relation::text AS side, b.query_map AS map FROM reembed.campaign AS m JOIN reembed.bridge AS b ON b.campaign = m.name',
    );
    const [{ side, map } = { side: '', map: Buffer.alloc(0) }] = rows;
    const queries = benchQueries(new Float32Array(map.buffer.slice(map.byteOffset, map.byteOffset + map.byteLength) as ArrayBuffer));
    await keepAside(pool, side);
    const inputs = provider.requests.map(({ input }) => input.length);
    const ids = (await pool.query<{ id: string }>('SELECT id FROM abstracts ORDER BY ctid')).rows.map(({ id }) => id);
    const facts = {
      rows: ids.length,
      queries: queries.length,
      cores: cpus().length,
      createSeconds: created.seconds + up.seconds,
      fitSeconds: fitted.seconds,
      providerCalls: inputs.length,
      embeddedTexts: inputs.reduce((sum, count) => sum + count, 0),
      fit: JSON.parse(fitted.stdout) as unknown,
    };
    return { pool, place, campaign, sideTable: side, queries, ids, facts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function benchQueries(map: Float32Array): BenchQuery[] {
  const judgements = readJudgements(SCIFACT_JUDGEMENTS);
  const [old, renewed] = [readScifactVectors(USE_LITE), readScifactVectors(MINILM)];
  return readScifactQueries().flatMap(({ id, text }) => {
    const gains = judgements.get(id);
    const [before, after] = [old.get(text), renewed.get(text)];
    if (!gains || !before || !after) return [];
    return [{ gains, old: vectorText(before), renewed: vectorText(after), mapped: vectorText(mapQuery(map, after)) }];
  });
}

/** What the backfill would store, as rows of the side table. */
async function keepAside(pool: pg.Pool, side: string): Promise<void> {
  const vectors = readScifactVectors(MINILM);
  await pool.query(`CREATE TABLE vectors_to_come (id bigint PRIMARY KEY, vector vector(${MINILM.dimensions}))`);
  const documents = readScifactDocuments();
  for (let at = 0; at < documents.length; at += 500) {
    const part = documents.slice(at, at + 500);
    await pool.query('INSERT INTO vectors_to_come SELECT * FROM unnest($1::bigint[], $2::vector[])', [
      part.map(({ id }) => id),
      part.map((one) => vectorText(vectors.get(textOfAbstract(one)) as Float32Array)),
    ]);
  }
  // The sample of the fit would be a large share of so small a table.
  await pool.query(`TRUNCATE ${side}`);
}
