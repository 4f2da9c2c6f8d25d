import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { MARKER } from '../src/database/migration-file.ts';
import { createDocuments, NEW_MODEL, usualOptions } from './harness/documents.ts';
import { assertRefused, fingerprint, type Refusal } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;
let migrations: string;
let running: string[];

const usual = (table: string, ...more: string[]) => ['migrate', 'create', ...usualOptions(table), ...more];

test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  migrations = join(stage.workplace.directory, 'migrations');
  await createDocuments(pool, 20);
  await createDocuments(pool, 5, { table: 'others', index: false });
  await pool.query(
    'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.documents (LIKE documents INCLUDING ALL); INSERT INTO elsewhere.documents SELECT * FROM documents',
  );
  campaign = await stage.createUsual();
});
test.after.always(() => stage?.close());

const fileOf = (phase: string) =>
  join(migrations, readdirSync(migrations).find((name) => name.startsWith(campaign) && name.includes(phase)) ?? '');

test.serial('create refuses a column whose five files wait to be run, and no other column', async (t) => {
  const before = await fingerprint(stage.db.pool);
  assertRefused(t, await stage.workplace.run(usual('documents')), {
    code: 'campaign_running',
    says: /have not been run/,
    remedy: /migrate up, or delete/,
  });
  t.is(readdirSync(migrations).length, 5);
  t.is((await stage.workplace.run(usual('elsewhere.documents', '--dry-run'))).code, 0);
  t.deepEqual(await fingerprint(stage.db.pool), before);
});

test.serial('a campaign is started', async (t) => {
  await stage.bring(campaign, 'backfill');
  await stage.up();
  running = await fingerprint(stage.db.pool);
  t.is((await stage.db.pool.query('SELECT phase FROM reembed.campaign')).rows[0]?.phase, 'backfill');
});

interface Case extends Refusal {
  args: string[];
  env?: Record<string, string>;
}

const cases: Case[] = [
  { args: usual('documents'), code: 'campaign_running', remedy: /migrate down/ },
  { args: ['migrate', 'up'], code: 'gate_closed', exit: 'waiting', remedy: /npm run worker/ },
  { args: ['setting', 'speed=9'], code: 'unknown_setting', says: /speed/, remedy: /requests_per_minute/ },
  { args: ['setting', 'updated_at=now'], code: 'unknown_setting' },
  { args: ['setting', '=true'], code: 'usage', exit: 'usage', remedy: /paused=true/ },
  { args: ['setting', 'paused=perhaps'], code: 'invalid_setting' },
  { args: ['setting', 'requests_per_minute=0'], code: 'invalid_setting', says: /requests per minute is positive/ },
  { args: ['setting', 'tokens_per_minute=99999999999'], code: 'invalid_setting' },
  { args: ['setting', 'max_failed_rows=2', 'min_overlap=2'], code: 'invalid_setting', says: /min overlap is a share/ },
  { args: ['setting', 'soak=a fortnight'], code: 'invalid_setting' },
  { args: ['setting', 'soak=-1 day'], code: 'invalid_setting', says: /soak is not negative/ },
  { args: ['setting', 'paused='], code: 'invalid_setting' },
  {
    args: ['setting', 'read_model=nobody'],
    code: 'invalid_setting',
    says: /no vectors of model nobody/,
    remedy: /new-model, old-model|old-model, new-model/,
  },
  { args: ['setting', `read_model=${NEW_MODEL}`], code: 'gate_closed', exit: 'waiting', says: /index is not built/ },
  { args: ['setting', '--target', 'nothing', 'paused=true'], code: 'unknown_target', remedy: /public\.documents\.embedding/ },
  { args: ['retry', '--target', 'nothing'], code: 'unknown_target' },
  { args: ['purge', '--yes'], code: 'nothing_to_purge', remedy: /contract/ },
  { args: ['worker', '--drain'], env: { OPENAI_API_KEY: '' }, code: 'missing_api_key', remedy: /OPENAI_API_KEY/ },
  { args: ['worker', '--drain'], env: { EMBED_MODEL: 'another-model' }, code: 'usage', exit: 'usage', says: /another-model/ },
  { args: ['worker', '--limit', '3'], env: { OPENAI_API_KEY: 'refused' }, code: 'provider_login', says: /401/ },
];

for (const { args, env, ...refusal } of cases) {
  test.serial(
    `"${args.slice(0, 6).join(' ')}"${env ? ` with ${Object.entries(env).join().replace(',', '=')}` : ''} is refused with ${refusal.code} while a campaign runs`,
    async (t) => {
      stage.provider.script = ({ key }) => (key === 'refused' ? { status: 401 } : undefined);
      assertRefused(t, await stage.workplace.run(args, env), refusal);
      t.deepEqual(await fingerprint(stage.db.pool), running);
      t.is(readdirSync(migrations).length, 5);
    },
  );
}

test.serial('a file that was edited after it ran stops every command until it is restored', async (t) => {
  const path = fileOf('1_expand');
  const text = readFileSync(path, 'utf8');
  appendFileSync(path, '\n// a harmless remark\n');
  for (const direction of ['up', 'down']) {
    assertRefused(t, await stage.workplace.run(['migrate', direction]), {
      code: 'migration_file_edited',
      says: /1_expand was edited/,
      remedy: /restore/,
    });
  }
  writeFileSync(path, text);
  t.deepEqual(await fingerprint(stage.db.pool), running);
});

test.serial('a file that ran and is missing stops every command until it is restored', async (t) => {
  const path = fileOf('2_backfill');
  renameSync(path, `${path}.away`);
  for (const direction of ['up', 'down']) {
    assertRefused(t, await stage.workplace.run(['migrate', direction]), {
      code: 'migration_file_missing',
      says: /2_backfill ran/,
      remedy: /REEMBED_MIGRATIONS/,
    });
  }
  renameSync(`${path}.away`, path);
  t.deepEqual(await fingerprint(stage.db.pool), running);
});

/** Writes the files of a campaign that cannot be run, runs `up`, and takes the files away again. */
async function upOf(args: string[], meddle: () => Promise<unknown> = async () => {}) {
  const name = await stage.create(args.slice(2));
  await meddle();
  const before = await fingerprint(stage.db.pool);
  const result = await stage.workplace.run(['migrate', 'up']);
  for (const file of readdirSync(migrations)) if (file.startsWith(name)) rmSync(join(migrations, file));
  return { result, unchanged: JSON.stringify(before) === JSON.stringify(await fingerprint(stage.db.pool)) };
}

test.serial('up refuses a model that is known with another definition', async (t) => {
  const { result, unchanged } = await upOf(usual('others', '--document-prefix', 'passage: '));
  assertRefused(t, result, { code: 'invalid_setting', says: /already registered with another definition/, remedy: /--to-name/ });
  t.true(unchanged);
});

test.serial('up refuses to replace a view that is not ours', async (t) => {
  const { result, unchanged } = await upOf(usual('others'), () =>
    stage.db.pool.query('CREATE VIEW others_new_model AS SELECT id, content, embedding FROM others'),
  );
  assertRefused(t, result, { code: 'name_taken', says: /others_new_model/, remedy: /--to-name/ });
  t.true(unchanged);
  await stage.db.pool.query('DROP VIEW others_new_model');
});

test.serial('up says in one line what a table lacks that has changed since the files were written', async (t) => {
  const { result, unchanged } = await upOf(usual('others'), () => stage.db.pool.query('ALTER TABLE others RENAME COLUMN content TO body'));
  assertRefused(t, result, {
    code: 'migration_failed',
    says: /1_expand failed: .*content/,
    remedy: /changed after the files were written/,
  });
  t.true(unchanged);
  await stage.db.pool.query('ALTER TABLE others RENAME COLUMN body TO content');
});

test.serial('up says in one line that a file is broken', async (t) => {
  const broken = join(migrations, '20990101000000000_broken_embedding_to_x.1_expand.js');
  writeFileSync(broken, `${MARKER}\nexport const up = (pgm) => {`);
  assertRefused(t, await stage.workplace.run(['migrate', 'up']), { code: 'migration_failed', says: /broken_embedding_to_x\.1_expand/ });
  rmSync(broken);
  t.deepEqual(await fingerprint(stage.db.pool), running);
});

test.serial('down takes back what there is, and past the first says that nothing is left', async (t) => {
  t.is((await stage.workplace.run(['migrate', 'down', '99', '--discard-vectors'])).code, 0);
  assertRefused(t, await stage.workplace.run(['migrate', 'down']), { code: 'nothing_to_take_down', remedy: /npm run status/ });
  t.true(existsSync(fileOf('1_expand')));
});
