import type { Mutant } from './mutant.ts';

/** Names, keys and roles that other people have. */
export const OTHER_DATABASES: Mutant[] = [
  {
    fault: 'a name that ends the body of a function',
    fix: 'a body is quoted by a tag that is not in it',
    test: 'attack-names',
    title: 'names with quotes and comment marks execute no SQL in any phase, forward and back: column',
    says: /syntax error|unterminated/,
    edits: [{ file: 'sql/compile/dollar_quote.sql', find: '<= length(p_body) LOOP', replace: '< 0 LOOP' }],
  },
  {
    fault: 'a write that fails because its table has a key of fixed length',
    fix: 'the change log has the type without a length, which character alone is not',
    test: 'fixed-length-key',
    title: 'the application writes to a table whose key has a fixed length, and its rows get their vectors',
    says: /character\(1\)/,
    edits: [
      {
        file: 'sql/compile/key_names.sql',
        find: "'type', format_type(a.atttypid, -1)",
        replace: "'type', format_type(a.atttypid, NULL)",
      },
    ],
  },
  {
    fault: 'an installer that is no superuser cannot create a campaign with an index on part of the dimensions',
    fix: 'functions that search have no setting of our own, which only superusers may give',
    test: 'nearest-roles',
    title: 'an installer that is no superuser gets functions that search through an index on part of the dimensions, and takes them down',
    says: /permission denied to set parameter/,
    edits: [
      {
        file: 'sql/target/nearest_candidates.sql',
        find: 'SET plan_cache_mode = force_custom_plan',
        replace: "SET reembed.target = 'documents' SET plan_cache_mode = force_custom_plan",
      },
    ],
  },
];
