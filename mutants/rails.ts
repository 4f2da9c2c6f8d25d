import type { Mutant } from './mutant.ts';

/** One for each rail that keeps an operator from harming a database. */
export const RAILS: Mutant[] = [
  {
    fault: 'option that npm consumed',
    fix: 'an option that npm has too is refused for a command that has it',
    test: 'rails',
    title: 'npm_config_dry_run that npm passes to migrate down is refused',
    says: /one line that begins with reembed:|nothing_to_take_down|usage/,
    edits: [
      {
        file: 'src/swallowed-options.ts',
        find: "const NEVER_OURS = new Set(['audit']);",
        replace: "const NEVER_OURS = new Set(['audit', ...NPM_HAS_TOO]);",
      },
    ],
  },
  {
    fault: 'no database named in CI',
    fix: 'the embedded database must be named',
    test: 'rails',
    title: 'without a named database the embedded one is used, and the command says so; in CI only if it is named',
    says: /one line that begins with reembed:/,
    edits: [{ file: 'src/database/address.ts', find: 'if (env.CI && ', replace: 'if (env.NO_CI && ' }],
  },
  {
    fault: 'unescaped password',
    fix: 'an address that ends at a character of the password is refused',
    test: 'rails',
    title: 'an unescaped password such as zq7@xk9#w is no part of an address, and nothing of it is shown',
    says: /Value is not `false`/,
    edits: [{ file: 'src/database/address.ts', find: 'url.hash || ', replace: '' }],
  },
  {
    fault: 'down after a paid backfill',
    fix: 'vectors are discarded only if the user says so',
    test: 'rails',
    title: 'a down that would discard paid vectors asks first, with their number, tokens and price',
    says: /one line that begins with reembed:/,
    edits: [{ file: 'src/phases/discard.ts', find: 'vectors > 0 || readers.length > 0', replace: 'readers.length > 0' }],
  },
  {
    fault: 'down while the live view is read',
    fix: 'a view with a known reader is dropped only if the user says so',
    test: 'rails',
    title: 'a down that would discard a live view with a reader asks first',
    says: /would_discard/,
    edits: [{ file: 'src/phases/discard.ts', find: 'vectors > 0 || readers.length > 0', replace: 'vectors > 0' }],
  },
  {
    fault: 'long run of letters',
    fix: 'a run without a word boundary is tokenized in parts',
    test: 'rails',
    title: 'create measures a table with such a text in seconds',
    says: / ms/,
    edits: [
      { file: 'src/plan/count-tokens.ts', find: 'COUNTED_CHARACTERS = 4000', replace: 'COUNTED_CHARACTERS = 40_000' },
      { file: 'src/plan/count-tokens.ts', find: 'LONGEST_RUN = 100', replace: 'LONGEST_RUN = 1_000_000' },
    ],
  },
  {
    fault: 'two columns planned before either runs',
    fix: 'the name of a live view in pending files is taken',
    test: 'plan-two-columns',
    title: 'two columns of one table that are planned before either runs get views of their own',
    says: /name_taken|names are taken|create failed/,
    edits: [{ file: 'src/plan/known-target.ts', find: 'ours || isPlanned', replace: 'ours' }],
  },
  {
    fault: 'two campaigns on one table',
    fix: 'a view shows no column that belongs to another campaign',
    test: 'plan-two-columns',
    title: 'neither view shows a column of the other campaign, in any phase',
    says: /backfill/,
    edits: [{ file: 'sql/view/view_columns.sql', find: 'WHERE v.relation = t.relation AND', replace: 'WHERE v.target = p_target AND' }],
  },
  {
    fault: 'Ctrl-C in the demo',
    fix: 'its folder is removed, whatever ends it',
    test: 'demo',
    title: 'Ctrl-C ends the demo, which leaves nothing behind and never uses the database of DATABASE_URL unless told to',
    says: /Difference/,
    edits: [{ file: 'demo/scenario/stage.ts', find: '      rmSync(folder, { recursive: true, force: true });\n', replace: '' }],
  },
];
