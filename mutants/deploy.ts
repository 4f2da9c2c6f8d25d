import type { Mutant } from './mutant.ts';

/** Faults of the files under deploy/, and of what a worker expects of the host that runs it. */
export const DEPLOY: Mutant[] = [
  {
    fault: 'a worker that was started with a low priority raises it, or ends where it may not',
    fix: 'a lower priority is kept',
    test: 'deploy',
    title: 'a worker lowers its priority, and keeps one that is lower already',
    says: /19/,
    edits: [{ file: 'src/commands/lower-priority.ts', find: 'if (getPriority() < wanted) setPriority', replace: 'setPriority' }],
  },
  {
    fault: 'a worker takes longer to stop than what runs it waits',
    fix: 'the units, manifests and services wait longer',
    test: 'deploy',
    title: 'whatever runs a worker asks the pages that it serves, and waits for its last batches before it kills it',
    says: /30/,
    edits: [{ file: 'src/worker/worker.ts', find: 'const DRAIN_MS = 20_000;', replace: 'const DRAIN_MS = 60_000;' }],
  },
  {
    fault: 'a job that waits at a gate is tried again and again',
    fix: 'exit code 3 ends the job',
    test: 'deploy',
    title: 'a closed gate is neither tried again nor taken for a failure',
    says: /values/,
    edits: [{ file: 'deploy/kubernetes/migrate.yaml', find: 'values: [2, 3, 70]', replace: 'values: [2, 70]' }],
  },
  {
    fault: 'the image lacks a folder that the package has',
    fix: 'every packed folder is copied',
    test: 'deploy',
    title: 'the image copies every file that is packed for npm, and the builder is sent nothing else',
    says: /sql/,
    edits: [{ file: 'deploy/Dockerfile', find: 'COPY sql ./sql\n', replace: '' }],
  },
  {
    fault: 'a shell in front of node keeps SIGTERM from the worker',
    fix: 'the entry point is node',
    test: 'deploy',
    title: 'the image runs node itself as a user who is not root, with the dependencies of the package alone',
    says: /node/,
    edits: [
      {
        file: 'deploy/Dockerfile',
        find: 'ENTRYPOINT ["node", "/opt/pg-reembed/dist/cli.js"]',
        replace: 'ENTRYPOINT node /opt/pg-reembed/dist/cli.js',
      },
    ],
  },
];
