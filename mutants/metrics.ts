import type { Mutant } from './mutant.ts';

/** Faults of metrics, health pages and traces. */
export const METRICS: Mutant[] = [
  {
    fault: 'a port alone is listened on for every network',
    fix: 'the address has to be named',
    test: 'metrics',
    title: '--listen takes an address with a port, and refuses a port alone, which would mean every network',
    says: /9464/,
    edits: [{ file: 'src/metrics/listen-address.ts', find: '[^\\s:[\\]/@*]+)):(', replace: '[^\\s:[\\]/@*]*)):(' }],
  },
  {
    fault: 'the page of an error quotes the error',
    fix: 'the page says only that it failed',
    test: 'metrics',
    title: 'a page server answers its pages alone, says nothing of an error, and tells when it is open to every network',
    says: /a text of a row/,
    edits: [
      {
        file: 'src/metrics/server.ts',
        find: "(_error, c) => show(c, textPage(500, 'failed'))",
        replace: '(error, c) => show(c, textPage(500, error.message))',
      },
    ],
  },
  {
    fault: 'a token count that is no number fails the job that counts it',
    fix: 'only finite amounts reach the counter',
    test: 'metrics',
    title: 'counting never fails a job, and odd names stay within their label',
    says: /not throw|It is not possible|valid number/,
    edits: [{ file: 'src/metrics/registry.ts', find: 'if (Number.isFinite(by) && by >= 0) counters', replace: 'counters' }],
  },
  {
    fault: 'figures of the database that is away stay in the metrics',
    fix: 'a figure that is not known is not exported',
    test: 'metrics',
    title: 'what a campaign no longer has is no longer exported, and counters begin at zero',
    says: /Value is not `false`/,
    edits: [{ file: 'src/metrics/registry.ts', find: '        gauge.reset();\n', replace: '' }],
  },
  {
    fault: 'a backfill that never stored a row raises no alert',
    fix: 'the counters of a target begin at zero',
    test: 'metrics',
    title: 'what a campaign no longer has is no longer exported, and counters begin at zero',
    says: /Value is not `true`/,
    edits: [
      {
        file: 'src/metrics/registry.ts',
        find: '      for (const of of state ?? []) for (const name of counters.keys()) add(name, of, 0);\n',
        replace: '',
      },
    ],
  },
  {
    fault: 'a state that cannot be read counts as a database that is away',
    fix: 'only a connection that fails does',
    test: 'worker-metrics',
    title: 'a state that others lock is given up soon, read once for all scrapers, and no reason to call the database away',
    says: /Difference/,
    edits: [{ file: 'src/metrics/read-state.ts', find: 'isUp: !isConnectionFailure(error)', replace: 'isUp: false' }],
  },
  {
    fault: 'a span quotes the text that the provider refused',
    fix: 'a span has the code of an error',
    test: 'worker-metrics',
    title: 'a batch is traced with its requests and its store, by names and numbers alone',
    says: /the 429/,
    edits: [
      {
        file: 'src/metrics/spans.ts',
        find: 'if (error instanceof ReembedError) return error.code;',
        replace: 'if (error instanceof ReembedError) return String(error.words);',
      },
    ],
  },
];
