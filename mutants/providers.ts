import type { Mutant } from './mutant.ts';

/** Several tables, models and providers. */
export const PROVIDERS: Mutant[] = [
  {
    fault: 'a refusal pauses every target',
    fix: 'only targets that need the model are paused',
    test: 'providers',
    title: 'a provider that refuses pauses only the table that needs it, and a start after the repair resumes it',
    says: /paused|false/,
    edits: [
      {
        file: 'src/worker/pause-targets.ts',
        find: 'WHERE NOT paused AND target = ANY ($2)',
        replace: 'WHERE NOT paused AND $2::text[] IS NOT NULL',
      },
    ],
  },
  {
    fault: 'the jobs of one target occupy every slot',
    fix: 'each target has slots of its own',
    test: 'providers',
    title: 'a provider that does not answer holds up only the table that needs it',
    says: /not within 40 s/,
    edits: [
      {
        file: 'src/worker/target-queues.ts',
        find: 'for (const target of targets) {',
        replace: 'for (const target of targets.slice(0, 1)) {',
      },
    ],
  },
  {
    fault: 'SIGTERM arrives while a worker starts',
    fix: 'the worker checks for it once it has started',
    test: 'worker',
    title: 'a worker that is stopped while it starts ends',
    says: /not within 30 s: its end/,
    edits: [{ file: 'src/commands/worker.ts', find: 'if (signal.aborted) void worker.stop();', replace: '' }],
  },
];
