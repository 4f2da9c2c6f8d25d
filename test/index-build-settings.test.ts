import test from 'ava';
import { createStage, type Stage } from './harness/stage.ts';

const MB = 1024 ** 2;
const GB = 1024 ** 3;

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  await stage.up();
});
test.after.always(() => stage.close());

/** A server as PostgreSQL comes, and an index of middling size; a case says what is different. */
const USUAL = {
  method: 'hnsw',
  version: '0.8.7',
  buildBytes: 380 * MB,
  vectorBytes: 300 * MB,
  memory: 64 * MB,
  sharedBuffers: 128 * MB,
  memoryLimit: null as number | null,
  workers: 2,
  slots: 8,
  wanted: null as number | null,
};

interface Settings {
  memory: number;
  memoryLimit: number;
  fits: boolean;
  workers: number;
  isUnsafe: boolean;
}

async function choose(different: Partial<typeof USUAL>): Promise<Settings> {
  const { rows } = await stage.db.pool.query<Settings>(
    `SELECT memory::double precision, memory_limit::double precision AS "memoryLimit", fits, workers, is_unsafe AS "isUnsafe"
       FROM reembed.index_build_settings($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    Object.values({ ...USUAL, ...different }),
  );
  return rows[0] as Settings;
}

const small = { buildBytes: 12 * MB, vectorBytes: 10 * MB };
const large = { buildBytes: 50 * GB, vectorBytes: 40 * GB };
const tuned = { sharedBuffers: 16 * GB, slots: 16, workers: 4 };
const needed = (bytes: number) => Math.trunc(bytes * 1.1) + 4 * MB;

const cases: [title: string, different: Partial<typeof USUAL>, expected: Partial<Settings>][] = [
  ['a small table leaves a server as it comes alone', small, { memory: 64 * MB, workers: 2, fits: true }],
  ['a small table leaves a large server alone', { ...small, ...tuned }, { memory: 64 * MB, workers: 4, fits: true }],
  ['memory goes no higher than shared_buffers', {}, { memory: 128 * MB, memoryLimit: 128 * MB, fits: false }],
  [
    'memory is as much as the graph needs where shared_buffers allow it',
    { sharedBuffers: 4 * GB },
    { memory: needed(380 * MB), fits: true },
  ],
  ['a large table takes what a large server allows, and no more', { ...large, ...tuned }, { memory: 16 * GB, workers: 4, fits: false }],
  ['a limit set by somebody counts instead of shared_buffers', { ...large, memoryLimit: 64 * GB }, { memory: needed(50 * GB), fits: true }],
  ['a limit set lower than shared_buffers counts too', { sharedBuffers: 4 * GB, memoryLimit: 100 * MB }, { memory: 100 * MB, fits: false }],
  ['memory that a DBA set higher stays', { memory: 8 * GB }, { memory: 8 * GB, memoryLimit: 8 * GB, fits: true }],
  ['memory that a DBA set higher than the limit stays', { memory: 8 * GB, memoryLimit: GB }, { memory: 8 * GB, fits: true }],
  ['a quarter of many workers builds a large index', { ...large, slots: 32 }, { workers: 8 }],
  ['a worker more comes with each 32 MB of vectors', { slots: 64, vectorBytes: 100 * MB }, { workers: 3 }],
  [
    'each worker has the 32 MB that PostgreSQL asks for',
    { slots: 64, buildBytes: 70 * MB, vectorBytes: 300 * MB, memoryLimit: GB },
    { workers: 9, memory: 320 * MB },
  ],
  ['workers that a DBA set higher stay', { workers: 6 }, { workers: 6 }],
  ['a DBA who wants no parallel workers gets none', { ...large, workers: 0 }, { workers: 0 }],
  ['workers that were asked for are taken', { wanted: 5 }, { workers: 5 }],
  ['no workers may be asked for', { workers: 4, wanted: 0 }, { workers: 0 }],
  ['no more workers are asked for than there are', { wanted: 20 }, { workers: 8 }],
  ['the embedded database has no workers', { slots: 0, wanted: 3 }, { workers: 0 }],
  [
    'a limit beyond what PostgreSQL can be told is cut',
    { buildBytes: 4096 * GB, memoryLimit: 9000 * GB },
    { memory: (2 ** 31 - 1) * 1024 },
  ],
];

for (const [title, different, expected] of cases) {
  test(`index build: ${title}`, async (t) => {
    t.like(await choose(different), expected);
  });
}

for (const [version, method, isUnsafe] of [
  ['0.5.1', 'hnsw', false],
  ['0.6.0', 'hnsw', true],
  ['0.7.4', 'hnsw', true],
  ['0.8.0', 'hnsw', true],
  ['0.8.1', 'hnsw', true],
  ['0.8.1', 'ivfflat', false],
  ['0.8.2', 'hnsw', false],
  ['0.8.10', 'hnsw', false],
  ['0.10.0', 'hnsw', false],
  ['1.0', 'hnsw', false],
] as const) {
  test(`index build: ${method} of pgvector ${version} is built ${isUnsafe ? 'without' : 'with'} parallel workers`, async (t) => {
    t.like(await choose({ version, method, workers: 4, wanted: 3 }), { isUnsafe, workers: isUnsafe ? 0 : 3 });
  });
}

test('durations are printed in units that people use', async (t) => {
  const { rows } = await stage.db.pool.query<{ text: string }>(
    'SELECT reembed.seconds_text(s) AS text FROM unnest(ARRAY[0.04, 9.44, 11.2, 89, 90, 5000, 9000]) AS s',
  );
  t.deepEqual(
    rows.map(({ text }) => text),
    ['0.0 s', '9.4 s', '11 s', '89 s', '2 min', '83 min', '2.5 h'],
  );
});

// The embedded database is a 32-bit program: pointers take half as much there.
if (process.env.TEST_DATABASE_URL) {
  for (const [type, form, dimensions, m] of [
    ['vector', 'plain', 100, 16],
    ['halfvec', 'plain', 300, 8],
    ['vector', 'binary', 2048, 16],
  ] as const) {
    test(`the ${form} graph of ${type}(${dimensions}) with m = ${m} no longer fits when its memory as computed is used up`, async (t) => {
      const client = await stage.db.pool.connect();
      t.teardown(() => client.release(true));
      const notices: string[] = [];
      client.on('notice', ({ message }) => notices.push(message ?? ''));
      const made = `ARRAY(SELECT random() - 0.5 + n * 0 FROM generate_series(1, ${dimensions}))::${type}(${dimensions})`;
      await client.query(`CREATE TEMP TABLE rows AS SELECT ${form === 'binary' ? `binary_quantize(${made})::bit(${dimensions})` : made} AS v
        FROM generate_series(1, 16000) AS n`);
      await client.query("SET maintenance_work_mem = '12MB'");
      await client.query(
        `CREATE INDEX ON rows USING hnsw (v ${form === 'binary' ? 'bit_hamming_ops' : `${type}_l2_ops`}) WITH (m = ${m}, ef_construction = ${2 * m})`,
      );
      const [, tuples] = /no longer fits into maintenance_work_mem after (\d+) tuples/.exec(notices.join()) ?? [];
      const { rows } = await client.query<{ bytes: number }>(
        "SELECT reembed.index_build_bytes('hnsw', $1, $2, reembed.indexed_bytes($5, $3, $2), $4, 100)::double precision AS bytes",
        [tuples, dimensions, type, m, form],
      );
      const share = (rows[0]?.bytes ?? 0) / (12 * MB);
      // Memory is taken in blocks of a megabyte, and the last of twelve ends it.
      t.true(share > 0.87 && share < 1, `${tuples} tuples are said to take ${share} of the memory`);
    });
  }

  test('k-means takes the memory that is computed', async (t) => {
    const client = await stage.db.pool.connect();
    t.teardown(() => client.release(true));
    await client.query('CREATE TEMP TABLE rows AS SELECT ARRAY[n, n % 7, n % 11]::vector(3) AS v FROM generate_series(1, 20000) AS n');
    await client.query("SET maintenance_work_mem = '1MB'");
    const refused = await t.throwsAsync(client.query('CREATE INDEX ON rows USING ivfflat (v vector_l2_ops) WITH (lists = 700)'));
    const [, megabytes] = /memory required is (\d+) MB/.exec(refused?.message ?? '') ?? [];
    const { rows } = await client.query<{ megabytes: number }>(
      "SELECT reembed.index_build_bytes('ivfflat', 20000, 3, 12, 16, 700) / 1048576 + 1 AS megabytes",
    );
    t.true(Math.abs(Number(megabytes) - Number(rows[0]?.megabytes)) <= 1, `${megabytes}, not ${rows[0]?.megabytes}`);
  });
}
