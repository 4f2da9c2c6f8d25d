import { once } from 'node:events';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { toSql } from 'pgvector';
import { readConfig } from '../src/config.ts';
import { openDatabase } from '../src/database/connection.ts';
import { translateDatabaseError } from '../src/database/database-error.ts';
import { messageOf, ReembedError, UsageError } from '../src/errors.ts';
import { counted } from '../src/wording.ts';
import { loadGlosses } from './corpus.ts';
import { startEmbeddingServer } from './embedding-server.ts';
import { createEmbed } from './scenario/embed.ts';
import { NEW, OLD } from './scenario/stage.ts';

const HELP = `A table and a provider of two real models, to try pg-reembed on without a table and a key of your own.

  npm run demo:sample    creates table documents in the database of DATABASE_URL, or in the embedded one, and serves the models until Ctrl-C

  --rows N    rows of the table: names and definitions of WordNet (default 1000)
  --port N    port of the provider on 127.0.0.1 (default 8401)

An existing table documents is left as it is. The first start downloads a model (50 MB).`;

const TABLE = 'public.documents';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000' },
    port: { type: 'string', default: '8401' },
    help: { type: 'boolean', default: false },
  },
});

const INTERRUPTED = 130;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  if (values.help) console.log(HELP);
  else await serveSample(wholeNumber('--rows', values.rows), wholeNumber('--port', values.port));
} catch (thrown) {
  const error = translateDatabaseError(thrown, process.env.DATABASE_URL);
  if (stop.signal.aborted) process.exitCode = INTERRUPTED;
  else console.error(`sample: ${messageOf(error)}${error instanceof ReembedError ? ` - ${error.remedy}` : ''}`);
  process.exitCode ??= 1;
}

function wholeNumber(option: string, value: string): number {
  if (!/^[1-9]\d{0,4}$/.test(value)) throw new UsageError(`${option} takes a whole number above 0, not ${value}`, 'see --help');
  return Number(value);
}

async function serveSample(rows: number, port: number): Promise<void> {
  const provider = await startEmbeddingServer(port);
  try {
    const database = await openDatabase(readConfig());
    try {
      const isNew = await makeTable(database.url, rows, provider.url);
      console.log(isNew ? `created table ${TABLE} with ${counted(rows, 'row')}` : `table ${TABLE} exists already and is left as it is`);
    } finally {
      await database.close();
    }
    console.log(`In another terminal:

  export OPENAI_BASE_URL=${provider.url} OPENAI_API_KEY=any-word
  npm run migrate create -- --table documents --text content --column embedding --from ${OLD.name} --to ${NEW.name} --dimensions ${NEW.dimensions}

Serving both models; Ctrl-C ends it.`);
    if (!stop.signal.aborted) await once(stop.signal, 'abort');
  } finally {
    await provider.close();
  }
}

/** Makes the table with vectors of the old model and their index, in one transaction; false where it exists. */
async function makeTable(databaseUrl: string, rows: number, providerUrl: string): Promise<boolean> {
  // A session of the role, not of the toolkit: names resolve as they do for an application.
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: found } = await client.query('SELECT to_regclass($1) IS NOT NULL AS exists', [TABLE]);
    if (found[0].exists) return false;
    const glosses = loadGlosses(rows);
    const texts = glosses.map(({ gloss }) => gloss);
    const vectors = await createEmbed(providerUrl, stop.signal)(OLD.name, texts);
    await client.query('BEGIN');
    await client.query('CREATE EXTENSION IF NOT EXISTS vector');
    await client.query(
      `CREATE TABLE ${TABLE} (id bigint PRIMARY KEY, title text NOT NULL, content text NOT NULL, embedding vector(${OLD.dimensions}))`,
    );
    for (let start = 0; start < glosses.length; start += 100) {
      const part = glosses.slice(start, start + 100);
      await client.query(`INSERT INTO ${TABLE} SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::vector[])`, [
        part.map((_, i) => start + i + 1),
        part.map(({ lemma }) => lemma),
        part.map(({ gloss }) => gloss),
        part.map((_, i) => toSql(vectors[start + i] ?? null)),
      ]);
    }
    await client.query(`CREATE INDEX ON ${TABLE} USING hnsw (embedding vector_cosine_ops)`);
    await client.query('COMMIT');
    return true;
  } finally {
    await client.end();
  }
}
