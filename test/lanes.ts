/**
 * Which test files run where. `npm test` runs all of them; TEST_LANE names a part, `npm run test:fast` runs lane fast. A file that is
 * not named here runs on every server, so a new one is never left out by mistake; test/lanes.test.ts checks the names.
 */

/** Files whose subject is not the database server: what they prove on one server they prove on all. By what they are about instead. */
export const ONE_SERVER = {
  'functions of ours alone; most of them open no database': [
    'batch-planning',
    'bridge-maths',
    'check-vectors',
    'compare-outcome',
    'fuse-rankings',
    'generated-queries',
    'in-flight',
    'index-statements',
    'judge-answers',
    'map-query',
    'metrics',
    'packing',
    'query-embedder',
    'randomisation',
    'rank-correlation',
    'ranking-metrics',
    'report-sentences',
    'score-cutoff',
    'splitting',
    'status-progress',
    'storage-advice',
    'terminal',
    'validation-files',
    'validation-options',
    'validation-verdict',
    'verdict-acceptance',
    'verdict-evidence',
    'verdict-simulation',
    'vector-cache',
    'wording',
    'write-share',
  ],
  'the provider: its answers, its limits, its batch API': [
    'batch-api',
    'batch-api-client',
    'batch-api-crashes',
    'batch-api-refused',
    'batch-api-workers',
    'careful-fetch',
    'embed-texts',
    'encoding',
    'judge',
    'old-model-gone',
    'poisonous-texts',
    'provider-faults',
    'provider-limits',
    'provider-recovery',
    'quota',
    'request-limits',
  ],
  'the embedded server, which they start themselves': ['client-package', 'embedded', 'embedded-command', 'own-files'],
  'the bridge between two models: its gate, its keys, and what is embedded first': [
    'bridge-dependents',
    'bridge-gate',
    'bridge-keys',
    'bridge-refit',
    'bridge-roles',
    'order-popular',
  ],
  'the type of a key': ['fixed-length-key'],
  'the report as a page': ['report', 'report-browser', 'report-large'],
  'the page of reembed ui': ['ui', 'ui-browser', 'ui-changes', 'ui-changes-browser'],
  'the command line, its environment and what it refuses before it writes': [
    'bad-input',
    'completion',
    'doctor-environment',
    'init',
    'old-model',
    'optional-packages',
    'setting',
    'terminal-commands',
    'watch-webhook',
  ],
  'metrics, health and traces of a worker': ['postgres-exporter', 'worker-metrics'],
  'files of this repository': [
    'bootstrap',
    'deploy',
    'documented-commands',
    'lanes',
    'migration-files',
    'mutants',
    'recipes-pages',
    'schema',
    'security-docs',
  ],
  'the documentation site': ['site'],
  'our own tools': [
    'bench',
    'bridge-scifact',
    'compare-scifact',
    'demo',
    'interrupted-tools',
    'recipes-roles',
    'scifact',
    'storm',
    'verdict-models',
  ],
};

/** What needs no server: CI runs them on the embedded one alone. */
export const NO_SERVER = [
  ...ONE_SERVER['functions of ours alone; most of them open no database'],
  ...ONE_SERVER['the embedded server, which they start themselves'],
  'bad-input',
  'completion',
  'site',
];

/** Enough to know within two minutes, on the embedded server, whether a change broke something that matters. */
export const FAST = [
  ...ONE_SERVER['functions of ours alone; most of them open no database'],
  ...ONE_SERVER['files of this repository'],
  'batch-api-client',
  'careful-fetch',
  'doctor-environment',
  'encoding',
  'lifecycle',
  'lifecycle-gates',
  'live-writes',
  'reading',
  'request-limits',
  'setting',
  'side-table',
  'sql-objects',
  'validation',
];

/** What CI runs on the embedded server: the fast lane, what is about that server, and whole campaigns. The nightly run has the rest. */
export const EMBEDDED = [
  ...FAST,
  ...ONE_SERVER['the embedded server, which they start themselves'],
  'bad-input',
  'canary',
  'completion',
  'contract',
  'erase',
  'lifecycle-second-campaign',
  'package',
  'query-log',
  'schemas',
  'side-table-campaigns',
  'site',
  'status',
  'sweeps',
  'validation-command',
  'watch',
  'worker',
  'worker-role',
];

/** Files about catalog, DDL, locks, plans, rights and replication: CI runs them on PostgreSQL 18, the others on 17. The nightly run has all of them on both. */
export const ON_18 = [
  'attack-owner',
  'attack-path',
  'bad-database',
  'bound-names',
  'column-statements',
  'contract-interrupted',
  'ddl-column',
  'ddl-side-table',
  'doctor-server',
  'few-statements',
  'forget',
  'index-scans',
  'indexes-carried',
  'inventory',
  'large-dimensions',
  'lifecycle-locks',
  'live-writes-locks',
  'live-writes-shapes',
  'moved-table',
  'nearest',
  'part-of-table-contract',
  'partitions',
  'partitions-side-table',
  'pgbouncer',
  'publications',
  'read-by-key',
  'reading-psql',
  'refused-rows',
  'schemas-roles',
  'schemas-shapes',
  'side-table',
  'table-group',
  'text-from',
  'text-from-ddl',
  'throttle',
  'validation-search',
  'waves',
];

/** Whole campaigns and what they rest on: CI runs them on both. */
export const ON_BOTH = [
  'contract',
  'fence',
  'index-build',
  'lifecycle',
  'live-writes',
  'reading-switch',
  'sql-objects',
  'worker',
  'worker-role',
];

const fileOf = (name: string) => `test/${name}.test.ts`;

/** Patterns of ava, by the name of the lane. */
const LANES: Record<string, string[]> = {
  all: ['test/**/*.test.ts'],
  fast: FAST.map(fileOf),
  embedded: EMBEDDED.map(fileOf),
  'on-17': ['test/**/*.test.ts', ...[...ON_18, ...NO_SERVER].map((name) => `!${fileOf(name)}`)],
  'on-18': [...ON_18, ...ON_BOTH].map(fileOf),
  'every-server': [
    'test/**/*.test.ts',
    ...Object.values(ONE_SERVER)
      .flat()
      .map((name) => `!${fileOf(name)}`),
  ],
};

/** The files of a lane, as ava's `files` takes them. */
export function filesOf(lane = 'all'): string[] {
  const files = LANES[lane];
  if (!files) throw new Error(`TEST_LANE=${lane} is no lane: ${Object.keys(LANES).join(', ')}`);
  return files;
}
