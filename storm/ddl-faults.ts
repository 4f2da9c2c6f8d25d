import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Draw } from './draw.ts';
import { type Columns, TABLE, type World } from './world.ts';

/** DDL of the application's own migrations during the storm. */
export const DDL_FAULTS = {
  'column renamed for a while': 6,
  'column added': 2,
  'primary key made again': 2,
  'VACUUM FULL': 1,
  CLUSTER: 1,
  'ALTER TYPE between unhook and rehook': 2,
};

type DdlFault = keyof typeof DDL_FAULTS;

// DDL on a busy table needs a short timeout and retries: every write would queue behind a statement that waits.
const LOCK_TIMEOUT = '300ms';
const DUPLICATE_COLUMN = '42701';

/** Changes the table at random until the storm ends; then restores the first name of every column. */
export async function runDdlFaults(world: World): Promise<void> {
  const draw = world.draw('ddl');
  let added = 0;

  const inject: Record<DdlFault, () => Promise<boolean | undefined>> = {
    'column renamed for a while': () => renameForAWhile(world, draw),
    'column added': () => change(world, [`ALTER TABLE ${TABLE} ADD COLUMN added_${++added} integer NOT NULL DEFAULT 0`]),
    'primary key made again': () =>
      change(world, [`ALTER TABLE ${TABLE} DROP CONSTRAINT ${TABLE}_pkey, ADD CONSTRAINT ${TABLE}_pkey PRIMARY KEY (${world.columns.id})`]),
    'VACUUM FULL': () => change(world, [`VACUUM FULL ${TABLE}`]),
    CLUSTER: () => change(world, [`CLUSTER ${TABLE} USING ${TABLE}_pkey`]),
    'ALTER TYPE between unhook and rehook': () =>
      change(world, [
        'BEGIN',
        `SELECT reembed.unhook('${TABLE}')`,
        `ALTER TABLE ${TABLE} ALTER views TYPE ${draw.pick(['integer', 'bigint'])}`,
        `SELECT reembed.rehook('${TABLE}')`,
        'COMMIT',
      ]),
  };

  while (!world.over.aborted) {
    await sleep(draw.between(1000, 4000));
    const fault = draw.weighted(DDL_FAULTS);
    try {
      if ((await inject[fault]()) === false) continue;
      world.faults.add(fault);
      world.log(`ddl: ${fault}`);
    } catch (error) {
      world.log(`ddl ${fault} not done: ${(error as Error).message}`);
    }
  }
}

/** Renames a column for a while: the application writes under the new name, and searches use the names of the view. */
async function renameForAWhile(world: World, draw: Draw): Promise<boolean> {
  const column = draw.pick(Object.keys(world.columns) as (keyof Columns)[]);
  const away = `${column}_renamed`;
  // Contract drops a column and gives its name to another one, so the column is identified by its number.
  const { rows } = await world.pool.query<{ number: number }>(
    'SELECT attnum AS number FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2',
    [TABLE, column],
  );
  const number = rows[0]?.number;
  if (number === undefined) return false;
  const rename = (from: string, to: string) =>
    change(world, [`ALTER TABLE ${TABLE} RENAME ${from} TO ${to}`], () => {
      world.columns[column] = to;
    });
  await rename(column, away);
  await sleep(draw.between(100, 2000));
  for (;;) {
    try {
      if (!(await isCalled(world, number, away))) break;
      await rename(away, column);
    } catch (error) {
      // The rollback of contract took the name in the meantime.
      if ((error as { code?: string }).code === DUPLICATE_COLUMN) break;
      await sleep(draw.between(100, 300));
    }
  }
  world.columns[column] = column;
  return true;
}

async function isCalled(world: World, number: number, name: string): Promise<boolean> {
  const { rowCount } = await world.pool.query(
    'SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = $2 AND attname = $3 AND NOT attisdropped',
    [TABLE, number, name],
  );
  return rowCount === 1;
}

/**
 * Runs the statements on a connection of their own.
 *
 * @param then runs after them, before the time of the change is recorded as over
 */
async function change(world: World, statements: string[], then: () => void = () => {}): Promise<true> {
  const client = new pg.Client({ connectionString: world.server.url, application_name: 'storm ddl' });
  client.on('error', () => {});
  const time = { from: Date.now(), to: Number.POSITIVE_INFINITY };
  world.changes.push(time);
  try {
    await client.connect();
    await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
    for (const statement of statements) await client.query(statement);
    then();
    return true;
  } finally {
    await client.end().catch(() => {});
    time.to = Date.now();
  }
}
